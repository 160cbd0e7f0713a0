import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import { Effect } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import { BenchFailed } from "./Bench.ts"
import { inherited } from "./Processes.ts"
import type { Algorithm } from "./Tokens.ts"

/** A server that can be started: ours, one of its variants, or a peer. */
export interface Server {
  readonly name: string
  readonly command: ReadonlyArray<string>
  readonly database: string
  /** In addition to the variables that every server gets. */
  readonly env?: Readonly<Record<string, string>>
  readonly algorithms: ReadonlyArray<Algorithm>
  /** It answers a good token in its own way, so only the status is compared. */
  readonly statusOnly?: boolean
  /** It allows one user as much as it does when it is deployed; otherwise one user is a load. */
  readonly defaultLimits?: boolean
}

const node = (name: string, database: string, ...args: ReadonlyArray<string>): Server => ({
  name,
  command: [process.execPath, ...args],
  database,
  algorithms: ["EdDSA", "HS256"]
})

const chatkit = (name: string, database: string, directory: string, file: string) =>
  node(name, database, join(directory, "scripts/run.mjs"), join(directory, file))

const root = resolve(import.meta.dirname, "../..")
const benchServer = "scripts/bench/Server.ts"
const wholeProgram = "src/main.ts"

/** Our server with the answers of the benchmark. */
export const ours = (database: string) => chatkit("effect-chatkit", database, root, benchServer)

/** Our server as it is deployed; who answers is set by the caller. */
export const answering = (database: string) =>
  chatkit("effect-chatkit", database, root, wholeProgram)

/** The same with the answers of the playground: in production somebody has to answer. */
export const deployed = (database: string): Server => ({
  ...answering(database),
  env: { PLAYGROUND: "on" }
})

/** Our server without one of the things that make it fast, or with one that costs. */
export const variants = (database: string): ReadonlyArray<Server> => [
  ...["no-token-memory", "no-batching", "one-statement", "library-logger", "tracing-on"].map(
    (name) => ({ ...ours(database), name, env: { BENCH_VARIANT: name } })
  ),
  { ...ours(database), name: "audit-off", env: { LOG_LEVEL: "warn" } }
]

interface Others {
  /** Measured beside ours in workloads a to e; only the first in every detail. */
  readonly peers: ReadonlyArray<Server>
  /** Measured beside ours in workload g. */
  readonly streaming: ReadonlyArray<Server>
  /** Measured beside ours in workload m. */
  readonly passingOn: ReadonlyArray<Server>
  readonly notes: ReadonlyArray<string>
}

/**
 * Another checkout of this project, named after its commit. Where it has no server for the
 * benchmark its whole program is measured, which cannot stream on command.
 */
export const otherCheckout = Effect.fnUntraced(function* (directory: string, database: string) {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const git = ["-C", directory, "describe", "--always", "--dirty", "--exclude=*"]
  const name = (yield* spawner.string(ChildProcess.make("git", git))).trim()
  if (name === "") return yield* new BenchFailed({ message: `${directory} is not a checkout` })
  const streams = existsSync(join(directory, benchServer))
  const server = {
    ...chatkit(name, database, directory, streams ? benchServer : wholeProgram),
    statusOnly: !streams
  }
  const program = chatkit(name, database, directory, wholeProgram)
  const passingOn = existsSync(join(directory, "src/responder/model")) ? [program] : []
  const others: Others = streams
    ? { peers: [server], streaming: [server], passingOn, notes: [] }
    : { peers: [server], streaming: [], passingOn, notes: [`${name} cannot stream on command.`] }
  return others
})

const peer = (name: string, database: string, file: string) =>
  node(name, database, join(import.meta.dirname, "peers", file))

export const handwritten = (database: string) => peer("node:http", database, "handwritten.ts")

const fastapi = (database: string): Server => ({
  name: "FastAPI",
  command: ["python3", join(import.meta.dirname, "peers/fastapi_stack.py")],
  database,
  // libpq would encrypt on loopback where it can; the other clients do not.
  env: { PGSSLMODE: "disable" },
  // python-jose does not support EdDSA.
  algorithms: ["HS256"]
})

const hasPython = Effect.gen(function* () {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const check = ["-c", "import fastapi, jose, sqlalchemy, psycopg2, uvicorn"]
  const python = ChildProcess.make("python3", check, { env: inherited })
  return (yield* Effect.orElseSucceed(spawner.exitCode(python), () => 1)) === 0
})

/** The servers that are compared with ours. */
export const usualPeers = Effect.fnUntraced(function* (database: string) {
  const withPython = yield* hasPython
  const others: Others = {
    peers: [
      handwritten(database),
      peer("Fastify", database, "fastify.ts"),
      peer("Hono", database, "hono.ts"),
      ...(withPython ? [fastapi(database)] : [])
    ],
    streaming: [peer("node:http SSE", database, "sse.ts")],
    passingOn: [peer("node:http pass-through", database, "model.ts")],
    notes: [
      withPython
        ? "python-jose does not support EdDSA: FastAPI is left out of lines with EdDSA tokens, and its forged and expired tokens are HS256 ones, which cost less to verify."
        : "FastAPI is left out: python3 does not have all of its packages."
    ]
  }
  return others
})
