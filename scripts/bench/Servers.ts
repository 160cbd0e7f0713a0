import { execFileSync, spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import type { Bench } from "./Bench.ts"
import { freePort } from "./FreePort.ts"
import { plainEnvironment, start } from "./Processes.ts"
import { type Algorithm, issuer } from "./Tokens.ts"

/** A server that can be started: ours, one of its variants, or a peer. */
export interface Server {
  readonly name: string
  readonly command: string
  readonly file: string
  readonly env: NodeJS.ProcessEnv
  readonly algorithms: ReadonlyArray<Algorithm>
  /** How the file is run, where it cannot be run by itself. */
  readonly runner?: string
  /** It answers transcriptions in a way of its own: only the status is compared. */
  readonly statusOnly?: boolean
}

const node = (name: string, file: string, env: NodeJS.ProcessEnv = {}): Server => ({
  name,
  command: process.execPath,
  file: resolve(import.meta.dirname, file),
  env,
  algorithms: ["EdDSA", "HS256"]
})

export const ours = node("effect-chatkit", "Server.ts")
export const handwritten = node("node:http", "peers/handwritten.ts")
export const fastify = node("Fastify", "peers/fastify.ts")
export const hono = node("Hono", "peers/hono.ts")
export const sse = node("node:http SSE", "peers/sse.ts")

/** Our server without one of the things that make it fast, or with one that costs. */
export const variants: ReadonlyArray<Server> = [
  node("no-token-memory", "Server.ts", { BENCH_VARIANT: "no-token-memory" }),
  node("no-batching", "Server.ts", { BENCH_VARIANT: "no-batching" }),
  node("one-statement", "Server.ts", { BENCH_VARIANT: "one-statement" }),
  node("library-logger", "Server.ts", { BENCH_VARIANT: "library-logger" }),
  node("audit-off", "Server.ts", { BENCH_VARIANT: "audit-off", LOG_LEVEL: "warn" }),
  node("tracing-on", "Server.ts", { BENCH_VARIANT: "tracing-on" })
]

export const streaming = (server: Server, seconds: number): Server => ({
  ...server,
  env: { BENCH_STREAM_SECONDS: String(seconds) }
})

/**
 * Another checkout of this project, named after its commit. Where it has no server for the
 * benchmark, its whole program is measured, which cannot stream on command.
 */
export const checkout = (directory: string): Server & { readonly streams: boolean } => {
  const git = ["-C", directory, "describe", "--always", "--dirty", "--exclude=*"]
  const server = resolve(directory, "scripts/bench/Server.ts")
  const streams = existsSync(server)
  return {
    ...node(execFileSync("git", git, { encoding: "utf8" }).trim(), ""),
    runner: resolve(directory, "scripts/run.mjs"),
    file: streams ? server : resolve(directory, "src/main.ts"),
    statusOnly: !streams,
    streams
  }
}

const pythonPackages = "fastapi, jose, sqlalchemy, psycopg2, uvicorn"

/** The Python stack, with the first of these interpreters that has its packages. */
export const python = (candidates: ReadonlyArray<string>): Server | undefined => {
  const command = candidates.find((candidate) => {
    const args = ["-c", `import ${pythonPackages}`]
    return spawnSync(candidate, args, { env: plainEnvironment({}), stdio: "ignore" }).status === 0
  })
  if (command === undefined) return undefined
  return {
    name: "FastAPI",
    command,
    file: join(import.meta.dirname, "peers/fastapi_stack.py"),
    // libpq would encrypt on loopback where it can; nobody else here does.
    env: { PGSSLMODE: "disable" },
    // python-jose knows no EdDSA.
    algorithms: ["HS256"]
  }
}

export interface Running {
  readonly server: Server
  readonly url: string
  readonly pid: number
  readonly stop: () => Promise<void>
}

/** The same environment for all of them. */
export const environment = (bench: Bench, database: string): NodeJS.ProcessEnv => ({
  NODE_ENV: "production",
  LOG_FORMAT: "json",
  LOG_LEVEL: "info",
  DATABASE_URL: database,
  BETTER_AUTH_SECRET: bench.keys.secret,
  BETTER_AUTH_ISSUER: issuer,
  ...(bench.embedded ? { DATABASE_POOL_SIZE: "1" } : {})
})

/** The peers know no such path and say so, which is as good. */
const isReady = async (url: string): Promise<true | undefined> => {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) })
    await response.arrayBuffer()
    return response.status === 503 ? undefined : true
  } catch {
    return undefined
  }
}

export const startServer = async (
  bench: Bench,
  server: Server,
  database: string
): Promise<Running> => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const { pid, stop, until } = start(
    {
      command: server.command,
      args: server.runner === undefined ? [server.file] : [server.runner, server.file],
      env: { ...environment(bench, database), PORT: String(port), ...server.env }
    },
    bench.directory,
    bench.cleanup
  )
  await until(() => isReady(url), 30)
  return { server, url, pid, stop }
}

/** Servers that are measured in turn. */
export interface Fleet {
  readonly use: <A>(server: Server, work: (running: Running) => Promise<A>) => Promise<A>
  readonly stop: () => Promise<void>
}

/** All of them run all the time, or each only while it is used. */
export const fleet = (bench: Bench, databaseOf: (server: Server) => string): Fleet => {
  const running = new Map<Server, Running>()
  return {
    use: async (server, work) => {
      const found = running.get(server) ?? (await startServer(bench, server, databaseOf(server)))
      if (!bench.embedded) {
        running.set(server, found)
        return work(found)
      }
      try {
        return await work(found)
      } finally {
        await found.stop()
      }
    },
    stop: async () => {
      await Promise.all([...running.values()].map(({ stop }) => stop()))
      running.clear()
    }
  }
}
