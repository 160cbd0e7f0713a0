import { type ChildProcess, spawn } from "node:child_process"
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs"
import * as net from "node:net"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { Effect } from "effect"
import * as jose from "jose"
import { people } from "../../src/dev/Demo.ts"
import { pglite } from "../../src/dev/Pglite.ts"
import { get } from "./Client.ts"
import { eventually } from "./Eventually.ts"

const project = resolve(import.meta.dirname, "../..")

export const runner = join(project, "scripts/run.mjs")

const { scripts } = JSON.parse(readFileSync(join(project, "package.json"), "utf8")) as {
  readonly scripts: Record<string, string>
}

/** The project as somebody has it who has just cloned it and run `npm ci`; gone with the scope. */
export const freshClone = Effect.acquireRelease(
  Effect.sync(() => {
    const directory = mkdtempSync(join(tmpdir(), "chatkit clone-"))
    for (const name of ["package.json", "scripts", "src", "node_modules"]) {
      symlinkSync(join(project, name), join(directory, name))
    }
    return directory
  }),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
)

/** An embedded database with nothing in it. Making one takes seconds of CPU, so each worker makes one. */
let empty: Promise<string> | undefined

const emptyDatabase = async () => {
  const directory = mkdtempSync(join(tmpdir(), "chatkit-empty-"))
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }))
  await Effect.runPromise(Effect.scoped(pglite(directory)))
  return directory
}

/** As `freshClone`, with a new database in it, which the server need not make. */
export const cloneWithDatabase = Effect.gen(function* () {
  const directory = yield* freshClone
  const database = yield* Effect.promise(() => (empty ??= emptyDatabase()))
  cpSync(database, join(directory, ".data/postgres"), { recursive: true })
  return directory
})

/** The token that `npm run token` prints in this directory, once a server has run there. */
export const demoToken = (directory: string, name: string) =>
  Effect.promise(async () => {
    const { jwk, kid } = JSON.parse(
      readFileSync(join(directory, ".data/dev-keys.json"), "utf8")
    ) as { readonly jwk: jose.JWK; readonly kid: string }
    const { email, id } = people.find((person) => person.name.toLowerCase() === name)!
    return new jose.SignJWT({ email })
      .setSubject(id)
      .setIssuer("http://localhost:3000")
      .setAudience("http://localhost:3000")
      .setIssuedAt()
      .setExpirationTime("1 hour")
      .setProtectedHeader({ alg: "EdDSA", kid })
      .sign(await jose.importJWK(jwk, "EdDSA"))
  })

type Env = Record<string, string>

/** A process and what it has said so far. */
export interface Running {
  readonly child: ChildProcess
  readonly said: { out: string; err: string }
}

/** The exit code and output of a process that has ended together with its children. */
export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Nothing of the test's own environment reaches the process but where to find programs. */
export const minimalEnv = (env: Env = {}): Env => ({
  PATH: process.env["PATH"] ?? "",
  HOME: process.env["HOME"] ?? "",
  // Node's own default place for it, so that the many starts of these tests are cheaper.
  NODE_COMPILE_CACHE: join(tmpdir(), "node-compile-cache"),
  ...env
})

/** Starts a program, in a process group of its own that ends with the scope at the latest. */
export const spawned = (
  program: string,
  args: ReadonlyArray<string>,
  options: { readonly cwd: string; readonly env?: Env | undefined }
) =>
  Effect.acquireRelease(
    Effect.sync((): Running => {
      const child = spawn(program, args, {
        cwd: options.cwd,
        env: minimalEnv(options.env),
        stdio: ["ignore", "pipe", "pipe"],
        detached: true
      })
      const said = { out: "", err: "" }
      child.stdout.on("data", (chunk: Buffer) => (said.out += chunk.toString("utf8")))
      child.stderr.on("data", (chunk: Buffer) => (said.err += chunk.toString("utf8")))
      return { child, said }
    }),
    ({ child }) =>
      Effect.sync(() => {
        try {
          process.kill(-child.pid!, "SIGKILL")
        } catch {
          // All of it is gone already.
        }
      })
  )

/** Waits for the end of the process and of everything that shares its output. */
export const ended = ({ child, said }: Running): Effect.Effect<Ended> =>
  Effect.callback<Ended>((resume) => {
    const report = () =>
      resume(Effect.succeed({ code: child.exitCode, out: said.out, err: said.err }))
    const exited = child.exitCode !== null || child.signalCode !== null
    if (exited && child.stdout!.closed && child.stderr!.closed) return report()
    child.once("error", (error) => resume(Effect.die(error)))
    child.once("close", report)
    return undefined
  })

export const signalled = (running: Running, signal: NodeJS.Signals) =>
  Effect.suspend(() => {
    running.child.kill(signal)
    return ended(running)
  })

/** Starts what `npm run <script> -- <args>` would, with the Node of these tests. */
export const npmRun = (
  directory: string,
  script: "start" | "dev" | "token",
  args: ReadonlyArray<string> = [],
  env?: Env
) =>
  spawned(process.execPath, [...scripts[script]!.split(" ").slice(1), ...args], {
    cwd: directory,
    env
  })

/** Runs it to its end. */
export const outcomeOf = (
  directory: string,
  script: "start" | "token",
  args: ReadonlyArray<string> = [],
  env?: Env
): Effect.Effect<Ended> =>
  Effect.scoped(Effect.flatMap(npmRun(directory, script, args, env), ended))

/** A server of this directory on a free port, once it has said where it listens. */
export const startIn = (directory: string, env: Env = {}, script: "start" | "dev" = "start") =>
  listening(npmRun(directory, script, [], { PORT: "0", ...env }))

/** A server once it has said where it listens. */
export const listening = <R>(start: Effect.Effect<Running, never, R>) =>
  Effect.gen(function* () {
    const running = yield* start
    const url = yield* Effect.callback<string>((resume) => {
      const look = () => {
        const found = / listens on (http:\S+) /.exec(running.said.out)?.[1]
        if (found !== undefined) resume(Effect.succeed(found))
      }
      running.child.stdout!.on("data", look)
      running.child.once("close", () =>
        resume(Effect.die(new Error(`it ended: ${running.said.err}`)))
      )
      look()
    })
    return { url, running }
  })

/** Returns once this server is ready. */
export const ready = (url: string) =>
  eventually(get(url, "/readyz"), ({ status }) => status === 200, 600)

/** A port of ours that takes connections and never says a word, and how many it took. */
export const silentPort = Effect.acquireRelease(
  Effect.callback<{ readonly port: number; readonly connections: () => number; close(): void }>(
    (resume) => {
      let connections = 0
      const sockets = new Set<net.Socket>()
      const server = net.createServer((socket) => {
        connections++
        sockets.add(socket)
        socket.on("error", () => undefined)
      })
      server.listen(0, "127.0.0.1", () => {
        const close = () => {
          for (const socket of sockets) socket.destroy()
          server.close()
        }
        const { port } = server.address() as net.AddressInfo
        resume(Effect.succeed({ port, connections: () => connections, close }))
      })
    }
  ),
  (listening) => Effect.sync(() => listening.close())
)

/** Refuses every connection. */
export const closedDatabase = "postgres://nobody:not-for-the-screen@127.0.0.1:1/none"

export const linesOf = (text: string): ReadonlyArray<string> =>
  text.split("\n").filter((line) => line !== "")
