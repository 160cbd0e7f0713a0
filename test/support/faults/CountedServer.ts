import { subscribe, unsubscribe } from "node:diagnostics_channel"
import type * as http from "node:http"
import { Effect, Metric } from "effect"
import { Timeouts } from "../../../src/core/Timeouts.ts"
import { ask } from "../Client.ts"
import { start } from "../Server.ts"
import { assertOk, freshDatabase } from "./ServerBehindProxy.ts"
import { eventually } from "../Eventually.ts"
import { released } from "./StoredTurns.ts"

const timers = Effect.sync(
  () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length
)

/** A server whose connections, fibers and timers are counted; the playground answers. */
export const countedServer = Effect.fnUntraced(function* (
  env: Record<string, string> = {},
  patience = Timeouts.defaultValue()
) {
  const { database, token } = yield* freshDatabase
  let fibers = 0
  const { url } = yield* start(database.client, env, patience).pipe(
    Effect.provideService(Metric.FiberRuntimeMetrics, {
      recordFiberStart: () => void (fibers += 1),
      recordFiberEnd: () => void (fibers -= 1)
    })
  )
  let server: http.Server | undefined
  const meet = (message: unknown) => {
    server = (message as { server: http.Server }).server
  }
  subscribe("http.server.request.start", meet)
  yield* assertOk(ask(url, token))
  unsubscribe("http.server.request.start", meet)
  // The pool of connections at its full size.
  yield* Effect.forEach(Array.from({ length: 50 }), () => ask(url, token), {
    concurrency: "unbounded"
  })
  const connections = Effect.promise(
    () => new Promise<number>((resolve) => server!.getConnections((_, count) => resolve(count)))
  )
  yield* eventually(connections, (count) => count === 0)
  const fibersNow = Effect.sync(() => fibers)
  const atRest = yield* fibersNow
  const timersAtRest = yield* timers
  /** Returns when the server is as it was before anybody asked. */
  const nothingLeft = Effect.gen(function* () {
    yield* eventually(connections, (count) => count === 0)
    yield* eventually(fibersNow, (count) => count <= atRest)
    // A few of Node's and of the pool's come and go.
    yield* eventually(timers, (count) => count < timersAtRest + 20)
    yield* released
  })
  return { nothingLeft, connections, token, url }
})
