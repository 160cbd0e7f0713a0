import { subscribe, unsubscribe } from "node:diagnostics_channel"
import * as http from "node:http"
import { assert, layer } from "@effect/vitest"
import { Effect, Metric } from "effect"
import { Patience } from "../../src/domain/Patience.ts"
import { onRealServer, TestDatabase } from "../TestDatabase.ts"
import { ask, start } from "../TestServer.ts"
import { assertOk, backends, eventually, freshDatabase } from "./Behind.ts"
import { hold } from "./Locks.ts"

/** A server whose connections and fibers are counted. */
const counted = Effect.gen(function* () {
  const { database, token } = yield* freshDatabase
  let fibers = 0
  const { url } = yield* start(database.client, {}, yield* Patience).pipe(
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
  const connections = Effect.promise(
    () => new Promise<number>((resolve) => server!.getConnections((_, count) => resolve(count)))
  )
  yield* eventually(connections, (count) => count === 0)
  const fibersNow = Effect.sync(() => fibers)
  const atRest = yield* fibersNow
  const nothingLeft = Effect.gen(function* () {
    yield* eventually(connections, (count) => count === 0)
    yield* eventually(fibersNow, (count) => count <= atRest)
  })
  return { nothingLeft, connections, token, url }
})

/** A client that asks, and can hang up; `heard` resolves with the first bytes of the answer. */
const caller = (url: string, token: string, body: unknown) => {
  const sent = http.request(new URL("/support/chatkit", url), {
    method: "POST",
    agent: false,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" }
  })
  const heard = new Promise<number>((resolve) => {
    sent.on("error", () => resolve(0))
    sent.on("response", (response) => {
      response.on("error", () => undefined)
      response.once("data", () => resolve(response.statusCode ?? 0))
    })
  })
  sent.end(JSON.stringify(body))
  return { heard: Effect.promise(() => heard), leave: Effect.sync(() => sent.destroy()) }
}

const crowd = <A>(make: () => A, count = 200) => Array.from({ length: count }, make)

layer(TestDatabase.layer, { excludeTestServices: true })("200 clients that hang up", (it) => {
  it.effect("in the middle of a stream leave nothing behind", () =>
    Effect.gen(function* () {
      const { nothingLeft, token, url } = yield* counted
      const message = "word ".repeat(2_000)
      const statuses = yield* Effect.forEach(
        crowd(() => () => caller(url, token, { message })),
        (call) =>
          Effect.suspend(() => {
            const { heard, leave } = call()
            return Effect.tap(heard, () => leave)
          }),
        { concurrency: 20 }
      )
      assert.isAbove(statuses.filter((status) => status === 200).length, 100)
      yield* nothingLeft
      yield* assertOk(ask(url, token))
    })
  )

  it.effect("before their request is complete leave nothing behind", () =>
    Effect.gen(function* () {
      const { connections, nothingLeft, token, url } = yield* counted
      const halves = crowd(() => {
        const sent = http.request(new URL("/support/chatkit", url), {
          method: "POST",
          agent: false,
          headers: {
            authorization: `Bearer ${token}`,
            "content-type": "application/json",
            "content-length": "1000"
          }
        })
        sent.on("error", () => undefined)
        sent.write(`{"message":`)
        return sent
      })
      yield* eventually(connections, (count) => count === halves.length)
      for (const half of halves) half.destroy()
      yield* nothingLeft
      yield* assertOk(ask(url, token))
    })
  )

  it.effect.skipIf(!onRealServer)("while the database is stuck leave nothing behind", () =>
    Effect.gen(function* () {
      const { nothingLeft, token, url } = yield* counted
      const look = yield* backends
      const { release } = yield* hold(`lock table "session" in access exclusive mode`)
      const callers = crowd(() => caller(url, token, { message: "Hello" }))
      yield* eventually(look, (all) => all.some(({ waits }) => waits === "Lock"))
      for (const { leave } of callers) yield* leave
      yield* nothingLeft
      yield* eventually(look, (all) => all.every(({ state }) => state === "idle"))
      yield* release
      yield* assertOk(ask(url, token))
    })
  )
})
