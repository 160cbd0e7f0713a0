import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import { Effect } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import { ask } from "./Ask.ts"
import { type Bench, BenchFailed } from "./Bench.ts"
import { inherited, start } from "./Processes.ts"
import { type Algorithm, issuer } from "./Tokens.ts"

/** A server that can be started: ours, one of its variants, or a peer. */
export interface Server {
  readonly name: string
  readonly command: ReadonlyArray<string>
  readonly database: string
  /** In addition to the variables that every server gets. */
  readonly env: Readonly<Record<string, string>>
  readonly algorithms: ReadonlyArray<Algorithm>
  /** Its answer to a good token is another, so that only the status can be compared. */
  readonly statusOnly?: boolean
}

const root = resolve(import.meta.dirname, "../..")

const node = (name: string, database: string, ...args: ReadonlyArray<string>): Server => ({
  name,
  command: [process.execPath, ...args],
  database,
  env: {},
  algorithms: ["EdDSA", "HS256"]
})

const run = (directory: string, file: string) => [
  join(directory, "scripts/run.mjs"),
  join(directory, file)
]

const peer = (name: string, file: string) => (database: string) =>
  node(name, database, join(import.meta.dirname, "peers", file))

export const ours = (database: string) =>
  node("effect-chatkit", database, ...run(root, "scripts/bench/Server.ts"))
export const handwritten = peer("node:http", "handwritten.ts")
export const fastify = peer("Fastify", "fastify.ts")
export const hono = peer("Hono", "hono.ts")
export const sse = peer("node:http SSE", "sse.ts")

/** Our server as it is deployed. */
export const deployed = (database: string): Server => ({
  ...ours(database),
  command: [process.execPath, ...run(root, "src/main.ts")]
})

/** Our server without one of the things that make it fast, or with one that costs. */
export const variants = (database: string): ReadonlyArray<Server> =>
  [
    "no-token-memory",
    "no-batching",
    "one-statement",
    "library-logger",
    "audit-off",
    "tracing-on"
  ].map((name) => ({ ...ours(database), name, env: { BENCH_VARIANT: name } }))

/**
 * Another checkout of this project, named after its commit. Where it has no server for the
 * benchmark its whole program is measured, which cannot stream on command.
 */
export const checkout = Effect.fnUntraced(function* (directory: string, database: string) {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const git = ["-C", directory, "describe", "--always", "--dirty", "--exclude=*"]
  const name = (yield* spawner.string(ChildProcess.make("git", git))).trim()
  if (name === "") return yield* new BenchFailed({ message: `${directory} is not a checkout` })
  const own = "scripts/bench/Server.ts"
  const streams = existsSync(join(directory, own))
  const server: Server = {
    ...node(name, database, ...run(directory, streams ? own : "src/main.ts")),
    statusOnly: !streams
  }
  return { server, streams }
})

const pythonPackages = "fastapi, jose, sqlalchemy, psycopg2, uvicorn"

/** The Python stack, with the first of these interpreters that has its packages. */
export const python = Effect.fnUntraced(function* (
  candidates: ReadonlyArray<string>,
  database: string
) {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  for (const candidate of candidates) {
    const check = ChildProcess.make(candidate, ["-c", `import ${pythonPackages}`], {
      env: inherited,
      stderr: "ignore"
    })
    const code = yield* Effect.orElseSucceed(spawner.exitCode(check), () => 1)
    if (code !== 0) continue
    return {
      name: "FastAPI",
      command: [candidate, join(import.meta.dirname, "peers/fastapi_stack.py")],
      database,
      // libpq would encrypt on loopback where it can; the other clients do not.
      env: { PGSSLMODE: "disable" },
      // python-jose does not support EdDSA.
      algorithms: ["HS256"]
    } satisfies Server
  }
  return undefined
})

export interface Running {
  readonly server: Server
  readonly url: string
  readonly pid: number
}

/** Starts a server and waits until it listens. It is stopped when the scope closes. */
export const listen = Effect.fnUntraced(function* (bench: Bench, server: Server) {
  const { pid, until } = yield* start(bench, server.command, {
    NODE_ENV: "production",
    LOG_FORMAT: "json",
    LOG_LEVEL: "info",
    PORT: "0",
    DATABASE_URL: server.database,
    BETTER_AUTH_SECRET: bench.keys.secret,
    BETTER_AUTH_ISSUER: issuer,
    ...server.env
  })
  const port = yield* until((output) => Effect.succeed(/listening.*:(\d+)/.exec(output)?.[1]))
  return { running: { server, url: `http://127.0.0.1:${port}`, pid } satisfies Running, until }
})

/** Starts a server and waits until it is ready: ours first brings its schema up to date. */
export const startServer = Effect.fnUntraced(function* (bench: Bench, server: Server) {
  const { running, until } = yield* listen(bench, server)
  // The peers do not know this path and say so, which is as good.
  const isReady = ask(`${running.url}/readyz`, { method: "GET" }).pipe(
    Effect.map(({ status }) => (status === 503 ? undefined : true)),
    Effect.orElseSucceed(() => undefined)
  )
  yield* until(() => isReady)
  return running
})
