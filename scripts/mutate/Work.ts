import { globSync, readFileSync } from "node:fs"
import { hashOf, type Mutant } from "./Mutant.ts"
import type { Result, Results } from "./Results.ts"
import { stagesFor } from "./Tests.ts"
import { Workplace } from "./Workplace.ts"

/** Milliseconds. A run of tests takes seconds; one that hangs is ended. */
const limit = 240_000

/** So many mistakes are compiled together, at most one of a file at a time. */
const compiledAtOnce = 60

export interface Task {
  readonly queue: ReadonlyArray<Mutant>
  readonly results: Results
  /** When to stop, in milliseconds since 1970. */
  readonly until: number
  readonly jobs: number
  /** Whether all tests are run, where the near ones notice nothing. */
  readonly everything: boolean
}

/** Those that do not compile. */
const impossible = async (
  place: Workplace,
  mutants: ReadonlyArray<Mutant>
): Promise<ReadonlySet<Mutant>> => {
  const wrong = new Set<Mutant>()
  // A mistake in SQL always compiles.
  let left = mutants.filter(({ kind }) => !kind.startsWith("sql"))
  while (left.length > 0) {
    const round = [...Map.groupBy(left, ({ file }) => file).values()].map(([first]) => first!)
    left = left.filter((mutant) => !round.includes(mutant))
    const sources = await place.with(round, () => place.wrongSources())
    const isElsewhere = [...sources].some((source) => !round.some(({ file }) => file === source))
    for (const mutant of round) {
      const isWrong = sources.has(mutant.file)
      // An error in an untouched source may come from any of them.
      const alone = !isWrong && isElsewhere && round.length > 1
      const own = alone ? await place.with([mutant], () => place.wrongSources()) : sources
      if (isWrong || (isElsewhere && own.size > 0)) wrong.add(mutant)
    }
  }
  return wrong
}

const attempt = async (
  place: Workplace,
  mutant: Mutant,
  { everything, results }: Task
): Promise<Result> =>
  place.with([mutant], async () => {
    for (const stage of stagesFor(mutant.file, everything)) {
      const run = await place.test(stage, limit)
      if (run.outcome === "timed out") return results.add(mutant, "timed out")
      if (run.outcome === "failed") return results.add(mutant, "killed", run.by)
    }
    return results.add(mutant, "survived")
  })

/** Fails when the tests fail without any mistake: every mistake would count as noticed. */
const needGreen = async (place: Workplace, { everything, queue, results }: Task) => {
  const files = [...new Set(queue.flatMap(({ file }) => stagesFor(file, everything)).flat())].sort()
  const texts = globSync("{src,test}/**/*.ts").sort()
  const database = process.env["TEST_DATABASE_URL"] ?? ""
  const contents = texts.map((path) => readFileSync(path, "utf8"))
  const id = hashOf([database, ...files, ...contents].join("\n"))
  if (results.isGreen(id)) return
  const run = await place.test(files, limit * 5)
  if (run.outcome === "passed") return results.addGreen(id)
  throw new Error(`The tests fail without any mistake: ${run.outcome}. ${run.by}`)
}

/** Tries mistakes, in as many copies of the project as there are jobs. */
export const work = async (task: Task): Promise<void> => {
  const { jobs, queue, results, until } = task
  if (queue.length === 0) return
  const places = Array.from({ length: jobs }, () => new Workplace(process.cwd()))
  const [first] = places
  await needGreen(first!, task)
  for (let n = 0; n < queue.length && Date.now() < until; n += compiledAtOnce) {
    const batch = queue.slice(n, n + compiledAtOnce)
    const wrong = await impossible(first!, batch)
    for (const mutant of wrong) results.add(mutant, "impossible")
    const open = batch.filter((mutant) => !wrong.has(mutant))
    const next = async (place: Workplace): Promise<void> => {
      const mutant = open.shift()
      if (mutant === undefined || Date.now() >= until) return
      const { by, change, file, line, outcome } = await attempt(place, mutant, task)
      console.log(`${outcome}  ${file}:${line}  ${change}\n    ${by}`)
      return next(place)
    }
    await Promise.all(places.map(next))
  }
}
