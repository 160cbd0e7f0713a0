import { globSync, readFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import type { Mutant } from "./mutate/Mutant.ts"
import { mutantsOf, shuffled } from "./mutate/Mutants.ts"
import { equivalents, names, reportOf, Results } from "./mutate/Results.ts"
import { rooms } from "./mutate/Tests.ts"
import { work } from "./mutate/Work.ts"

const usage = `npm run mutate -- [options]

Makes small mistakes in the sources, one at a time and in a copy, and says which ones no test notices.

  --only <path>      a folder or a file, as src/auth; may be given again (${rooms.join(", ")})
  --sample <n>       so many mistakes of each folder, always the same ones
  --minutes <n>      stops after that time; the next run goes on from there
  --survivors        tries those that survived again, and with all tests
  --jobs <n>         mistakes tried at the same time
  --results <file>   what became of each, a JSON object a line (.data/mutations.jsonl)
  --list             only says which mistakes there are
`

const { values: options } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: rooms.map((room) => `src/${room}`) },
    sample: { type: "string" },
    minutes: { type: "string" },
    survivors: { type: "boolean", default: false },
    jobs: { type: "string", default: String(Math.max(1, Math.floor(availableParallelism() / 2))) },
    results: { type: "string", default: ".data/mutations.jsonl" },
    list: { type: "boolean", default: false },
    help: { type: "boolean", default: false }
  }
})

if (options.help) {
  process.stdout.write(usage)
  process.exit()
}

const project = join(import.meta.dirname, "..")
process.chdir(project)

const until = Date.now() + Number(options.minutes ?? Infinity) * 60_000
const known = equivalents()
const results = new Results(options.results)

/** The mistakes of each folder, in an order that does not depend on the run. */
const chosen = options.only
  .map((path) => (path.endsWith(".ts") ? [path] : globSync(`${path}/**/*.ts`)))
  .flatMap((files) => {
    const mutants = files
      .map((file) => file.replaceAll("\\", "/"))
      .sort()
      .flatMap((file) => mutantsOf(file, readFileSync(file, "utf8")))
    return shuffled(mutants).slice(0, Number(options.sample ?? Infinity))
  })

const list = () => {
  for (const { change, file, line } of chosen) console.log(`${file}:${line}  ${change}`)
}

const isOpen = (mutant: Mutant) => {
  const outcome = results.of(mutant)?.outcome
  return outcome === undefined || (options.survivors && outcome === "survived")
}

const tryAll = async () => {
  const queue = chosen.filter((mutant) => {
    if (!known.some((equivalent) => names(equivalent, mutant))) return isOpen(mutant)
    results.add(mutant, "equivalent")
    return false
  })
  console.log(`${chosen.length} mistakes, ${queue.length} of them to be tried`)

  await work({ queue, results, until, jobs: Number(options.jobs), everything: options.survivors })

  if (options.sample === undefined) {
    const made = chosen.map(({ file }) => file)
    const stale = known.filter(
      (equivalent) =>
        made.includes(equivalent.file) && !chosen.some((mutant) => names(equivalent, mutant))
    )
    for (const { at, change, file } of stale) {
      console.log(`equivalent.json names a mistake that is not made: ${file}  ${at}  ${change}`)
    }
  }

  const tried = chosen.map((mutant) => results.of(mutant)).filter((result) => result !== undefined)
  console.log(reportOf(tried))
}

await (options.list ? list() : tryAll())
