import * as NodeSocketServer from "@effect/platform-node/NodeSocketServer"
import { Effect } from "effect"
import { ask } from "./Ask.ts"
import type { Bench } from "./Bench.ts"
import { start } from "./Processes.ts"
import type { Server } from "./Servers.ts"
import { issuer } from "./Tokens.ts"

export interface Running {
  readonly server: Server
  readonly url: string
  readonly pid: number
}

/** One user is a load, and not a nuisance. */
const noLimits = {
  REQUESTS_AT_ONCE_PER_USER: "10000",
  REQUESTS_PER_SECOND_PER_USER: "1000000"
}

const freePort = NodeSocketServer.make({ host: "127.0.0.1", port: 0 }).pipe(
  Effect.map(({ address }) => ("port" in address ? address.port : 0)),
  Effect.scoped
)

/** Starts a server, which is stopped when the scope closes. */
export const launch = Effect.fnUntraced(function* (bench: Bench, server: Server) {
  const port = yield* freePort
  const { pid, until } = yield* start(bench, server.command, {
    NODE_ENV: "production",
    LOG_FORMAT: "json",
    LOG_LEVEL: "info",
    PORT: String(port),
    DATABASE_URL: server.database,
    BETTER_AUTH_SECRET: bench.keys.secret,
    BETTER_AUTH_ISSUER: issuer,
    ...(server.defaultLimits === true ? {} : noLimits),
    ...server.env
  })
  const running: Running = { server, url: `http://127.0.0.1:${port}`, pid }
  return { running, until }
})

/** Starts a server and waits until it is ready: ours first brings its schema up to date. */
export const startServer = Effect.fnUntraced(function* (bench: Bench, server: Server) {
  const { running, until } = yield* launch(bench, server)
  // The peers do not know this path and say so, which is as good.
  const isReady = ask(`${running.url}/readyz`, { method: "GET" }).pipe(
    Effect.map(({ status }) => (status === 503 ? undefined : true)),
    Effect.orElseSucceed(() => undefined)
  )
  yield* until(isReady)
  return running
})
