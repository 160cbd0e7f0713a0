import { existsSync, readFileSync } from "node:fs"
import { basename } from "node:path"
import { join } from "node:path"
import { Effect } from "effect"
import { ChildProcess } from "effect/process"
import { type Bench, BenchFailed } from "./Bench.ts"

type Environment = Readonly<Record<string, string>>

const { HOME = "", LANG = "", PATH = "" } = process.env

/** The variables that every program needs; no other one may influence a measurement. */
export const inherited: Environment = { HOME, LANG, PATH }

let started = 0

/** Starts a program that is stopped when the scope closes. Its output goes to a file. */
export const start = Effect.fnUntraced(function* (
  { directory }: Bench,
  command: ReadonlyArray<string>,
  env: Environment
) {
  const file = join(directory, `output-${++started}.log`)
  // The shell becomes the program. A pipe would make us read every line of a measured server.
  const args = ["-c", `exec "$@" > "$0" 2>&1`, file, ...command]
  const handle = yield* ChildProcess.make("sh", args, {
    cwd: directory,
    env: { ...inherited, ...env },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "inherit",
    forceKillAfter: "3 seconds"
  })
  const output = Effect.sync(() => (existsSync(file) ? readFileSync(file, "utf8") : ""))
  const failed = Effect.fnUntraced(function* (what: string) {
    const message = `${basename(command.at(-1) ?? "")} ${what}:\n${(yield* output).slice(-2000)}`
    return yield* new BenchFailed({ message })
  })
  /** Probes until there is a result; fails when the program ends before, or after 30 s. */
  const until = Effect.fnUntraced(
    function* <A, R>(probe: Effect.Effect<A | undefined, never, R>) {
      for (;;) {
        const found = yield* probe
        if (found !== undefined) return found
        if (!(yield* handle.isRunning)) return yield* failed("has ended")
        yield* Effect.sleep("5 millis")
      }
    },
    Effect.timeoutOrElse({ duration: "30 seconds", orElse: () => failed("was not ready in 30 s") })
  )
  return { pid: Number(handle.pid), until }
})

const procfs = (pid: number, file: string) => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8")
  } catch {
    return undefined
  }
}

/** Linux counts in ticks of 10 ms. */
const microsPerTick = 10_000

/** Microseconds of CPU that all threads of a process have used so far; Linux only. */
export const cpuOf = (pid: number): number | undefined => {
  // The name, in parentheses, may contain spaces.
  const fields = procfs(pid, "stat")?.split(") ").at(-1)?.split(" ")
  return fields && (Number(fields[11]) + Number(fields[12])) * microsPerTick
}

/** KiB of resident memory of a process; Linux only. */
export const residentOf = (pid: number): number | undefined => {
  const found = /^VmRSS:\s+(\d+)/m.exec(procfs(pid, "status") ?? "")?.[1]
  return found === undefined ? undefined : Number(found)
}

/** The difference between two readings, divided by `count`. */
export const each = (
  before: number | undefined,
  after: number | undefined,
  count: number
): number | undefined =>
  before === undefined || after === undefined ? undefined : (after - before) / count
