import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { closeSync, existsSync, openSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import type { Cleanup } from "./Cleanup.ts"

/** Only what is given and what finds programs: nobody's settings may change what is measured. */
export const plainEnvironment = (own: NodeJS.ProcessEnv): NodeJS.ProcessEnv => {
  const { HOME, LANG, PATH, SystemRoot, TMPDIR } = process.env
  const inherited = { HOME, LANG, PATH, SystemRoot, TMPDIR }
  return { ...inherited, ...own }
}

export interface Program {
  readonly command: string
  readonly args: ReadonlyArray<string>
  readonly env: NodeJS.ProcessEnv
}

export interface Started {
  readonly pid: number
  /** What the probe finds, once it finds something. */
  readonly until: <A>(
    probe: (output: string) => Promise<A | undefined>,
    seconds: number
  ) => Promise<A>
  readonly stop: () => Promise<void>
}

export const ended = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null

/** Asks it to end, and ends it when it does not within a few seconds. */
export const end = async (child: ChildProcess): Promise<void> => {
  if (ended(child)) return
  const exit = new Promise<void>((done) => child.once("exit", () => done()))
  child.kill("SIGTERM")
  const timer = setTimeout(() => child.kill("SIGKILL"), 3_000)
  await exit
  clearTimeout(timer)
}

let started = 0

/** Starts a long-running program; what it writes goes to a file, as a supervisor would have it. */
export const start = (
  { args, command, env }: Program,
  directory: string,
  cleanup: Cleanup
): Started => {
  const file = join(directory, `output-${++started}.log`)
  const output = openSync(file, "w")
  const child = spawn(command, args, {
    cwd: directory,
    env: plainEnvironment(env),
    stdio: ["ignore", output, output]
  })
  closeSync(output)
  let failure: Error | undefined
  child.on("error", (error) => (failure = error))
  const { pid } = child
  const stop = cleanup.add(() => (pid === undefined ? undefined : end(child)))
  if (pid === undefined) throw new Error(`${command} could not be started`)

  const name = args[0] ?? command
  const until = async <A>(probe: (output: string) => Promise<A | undefined>, seconds: number) => {
    const deadline = performance.now() + seconds * 1000
    while (performance.now() < deadline) {
      const output = readFileSync(file, "utf8")
      const found = await probe(output)
      if (found !== undefined) return found
      if (failure !== undefined || ended(child)) {
        throw new Error(`${name} ended at its start:\n${output.slice(-2000)}`)
      }
      await sleep(20)
    }
    throw new Error(`${name} was not ready after ${seconds} s`)
  }
  return { pid, until, stop }
}

/** Runs a program to its end and gives what it wrote to standard output. */
export const run = (program: Program, seconds: number, cleanup: Cleanup): Promise<string> =>
  new Promise((done, failed) => {
    const child = spawn(program.command, program.args, {
      env: plainEnvironment(program.env),
      stdio: ["ignore", "pipe", "pipe"]
    })
    let forget: () => Promise<void> = async () => {}
    let out = ""
    let err = ""
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()))
    child.on("error", failed)
    const timer = setTimeout(() => child.kill("SIGKILL"), seconds * 1000)
    child.on("close", (code, signal) => {
      clearTimeout(timer)
      void forget()
      if (code === 0) return done(out)
      const name = [program.command, ...program.args].join(" ")
      failed(new Error(`${name} ended with ${code ?? signal}: ${(err || out).slice(-2000)}`))
    })
    try {
      forget = cleanup.add(() => end(child))
    } catch (error) {
      failed(error instanceof Error ? error : new Error(String(error)))
    }
  })

const hasProc = existsSync("/proc/self/stat")
const ticksPerSecond = () => {
  try {
    return Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }).trim()) || 100
  } catch {
    return 100
  }
}
const microsPerTick = 1_000_000 / (hasProc ? ticksPerSecond() : 100)

/** Microseconds of CPU a process has used so far, all its threads; nothing where nobody tells. */
export const cpuOf = (pid: number): number | undefined => {
  if (!hasProc) return undefined
  // The name before the last parenthesis may have spaces of its own.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? []
  return (Number(fields[11]) + Number(fields[12])) * microsPerTick
}

/** KiB of memory a process has resident. */
export const residentOf = (pid: number): number | undefined => {
  try {
    if (!hasProc) {
      return Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" }))
    }
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1])
  } catch {
    return undefined
  }
}
