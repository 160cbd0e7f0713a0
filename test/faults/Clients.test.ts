import * as http from "node:http"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { onRealServer, TestDatabase } from "../support/Database.ts"
import { ask, forgiving } from "../support/Server.ts"
import { assertOk, backends, eventually } from "../support/faults/BehindProxy.ts"
import { call, threadOf } from "../support/faults/Leaving.ts"
import { counted } from "../support/faults/LeavingTraces.ts"
import { hold } from "../support/faults/Locks.ts"
import { assistant, note, stored, user } from "../support/faults/TurnsStored.ts"

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
      const { nothingLeft, token, url } = yield* counted({ STREAMS_PER_USER: "200" })
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

  it.effect("while the responder waits leave nothing behind but what was said", () =>
    Effect.gen(function* () {
      const { nothingLeft, token, url } = yield* counted({ STREAMS_PER_USER: "200" }, forgiving)
      const message = "/partial Hello there\n/pause"
      const clients = yield* Effect.forEach(
        crowd(() => call(url, token, { message })),
        (calling) => Effect.tap(calling, ({ hears }) => hears(`"delta":" there"`)),
        { concurrency: 20 }
      )
      assert.strictEqual((yield* ask(url, token, { message })).status, 429)
      for (const { leave } of clients) yield* leave
      yield* nothingLeft
      for (const client of clients) {
        assert.deepStrictEqual(yield* stored(threadOf(client.heard())), [
          user(message),
          assistant("Hello there"),
          note
        ])
      }
      yield* assertOk(ask(url, token, { message: "Hello" }))
    })
  )

  it.effect("while they wait for their turn leave nothing behind", () =>
    Effect.gen(function* () {
      const { nothingLeft, token, url } = yield* counted({ STREAMS_PER_USER: "200" }, forgiving)
      const first = yield* call(url, token, { message: "/pause" })
      yield* first.hears("stream_options")
      const thread_id = threadOf(first.heard())
      const others = yield* Effect.forEach(Array.from({ length: 199 }), () =>
        call(url, token, { message: "Hello", thread_id })
      )
      yield* eventually(
        ask(url, token, { message: "Hello", thread_id: "thr_none" }),
        ({ status }) => status === 429
      )
      for (const { leave } of others) yield* leave
      yield* first.leave
      yield* nothingLeft
      assert.deepStrictEqual(yield* stored(thread_id), [user("/pause"), note])
      yield* assertOk(ask(url, token, { message: "Hello", thread_id }))
    })
  )

  it.effect("before their request is complete leave nothing behind", () =>
    Effect.gen(function* () {
      const { connections, nothingLeft, token, url } = yield* counted()
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
      const { nothingLeft, token, url } = yield* counted()
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
