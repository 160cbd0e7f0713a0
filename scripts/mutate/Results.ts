import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import type { Mutant } from "./Mutant.ts"

/** `impossible`: it does not compile, so nobody can make this mistake. */
export type Outcome = "killed" | "timed out" | "survived" | "impossible" | "equivalent"

/** The outcome of a mutant, a line of the file of results. */
export interface Result {
  readonly id: string
  readonly file: string
  readonly line: number
  readonly change: string
  readonly outcome: Outcome
  /** The test that failed first, and why. */
  readonly by: string
}

/** A mistake that changes nothing that anybody could see, by the line where it stands. */
export interface Equivalent {
  readonly file: string
  readonly at: string
  readonly change: string
  readonly reason: string
}

export const equivalents = (): ReadonlyArray<Equivalent> =>
  JSON.parse(
    readFileSync(join(import.meta.dirname, "equivalent.json"), "utf8")
  ) as ReadonlyArray<Equivalent>

export const names = (equivalent: Equivalent, { at, change, file }: Mutant): boolean =>
  equivalent.file === file && equivalent.at === at && equivalent.change === change

/** Results that outlive a run, so that a long one can be made in pieces. */
export class Results {
  readonly #path: string
  readonly #byId = new Map<string, Result>()
  readonly #green = new Set<string>()

  constructor(path: string) {
    this.#path = path
    mkdirSync(dirname(path), { recursive: true })
    if (!existsSync(path)) return
    for (const line of readFileSync(path, "utf8").split("\n").filter(Boolean)) {
      const result = JSON.parse(line) as Result | { readonly green: string }
      if ("green" in result) this.#green.add(result.green)
      else this.#byId.set(result.id, result)
    }
  }

  /** Whether these tests passed on these sources without any mistake. */
  isGreen(id: string): boolean {
    return this.#green.has(id)
  }

  addGreen(id: string): void {
    this.#green.add(id)
    appendFileSync(this.#path, `${JSON.stringify({ green: id })}\n`)
  }

  of(mutant: Mutant): Result | undefined {
    return this.#byId.get(mutant.id)
  }

  add({ change, file, id, line }: Mutant, outcome: Outcome, by = ""): Result {
    const result = { id, file, line, change, outcome, by }
    this.#byId.set(id, result)
    appendFileSync(this.#path, `${JSON.stringify(result)}\n`)
    return result
  }
}

const roomOf = ({ file }: Result) => file.split("/").slice(0, 2).join("/")

const row = (name: string, results: ReadonlyArray<Result>) => {
  const count = (outcome: Outcome) => results.filter((result) => result.outcome === outcome).length
  const killed = count("killed") + count("timed out")
  const survived = count("survived")
  const score =
    killed + survived === 0 ? "" : `${((killed / (killed + survived)) * 100).toFixed(1)} %`
  const cells = [name, killed + survived, killed, survived, count("equivalent"), score]
  return `| ${cells.join(" | ")} |`
}

/** A table of the score of each folder, and the mistakes that no test noticed. */
export const reportOf = (results: ReadonlyArray<Result>): string => {
  const rooms = Map.groupBy(results, roomOf)
  const survivors = results
    .filter(({ outcome }) => outcome === "survived")
    .map(({ change, file, line }) => `${file}:${line}  ${change}`)
    .sort()
  return [
    "| folder | mistakes | noticed | not noticed | without effect | score |",
    "| --- | --- | --- | --- | --- | --- |",
    ...[...rooms].map(([room, some]) => row(`\`${room}\``, some)),
    row("all", results),
    "",
    ...survivors
  ].join("\n")
}
