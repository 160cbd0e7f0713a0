import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { onRealServer, TestDatabase } from "../support/Database.ts"
import { ask, askHalf } from "../support/Client.ts"
import { forgiving } from "../support/Server.ts"
import { assertOk, backends } from "../support/faults/ServerBehindProxy.ts"
import { eventually } from "../support/Eventually.ts"
import { openStream, threadOf } from "../support/StreamClient.ts"
import { countedServer } from "../support/faults/CountedServer.ts"
import { hold } from "../support/faults/Locks.ts"
import { assistant, note, stored, user } from "../support/faults/StoredTurns.ts"

const crowd = <A>(make: () => A, count = 200) => Array.from({ length: count }, make)

layer(TestDatabase.layer, { excludeTestServices: true })("200 clients that hang up", (it) => {
  it.effect("in the middle of a stream leave nothing behind", () =>
    Effect.gen(function* () {
      const { nothingLeft, token, url } = yield* countedServer({ STREAMS_PER_USER: "200" })
      const message = "word ".repeat(2_000)
      const statuses = yield* Effect.forEach(
        crowd(() => openStream(url, token, { message })),
        Effect.fnUntraced(function* (opening) {
          const { hears, leave, status } = yield* opening
          const answered = yield* status
          if (answered === 200) yield* hears("", "thread.created")
          yield* leave
          return answered
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
      const { nothingLeft, token, url } = yield* countedServer(
        { STREAMS_PER_USER: "200" },
        forgiving
      )
      const message = "/partial Hello there\n/pause"
      const clients = yield* Effect.forEach(
        crowd(() => openStream(url, token, { message })),
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
      const { nothingLeft, token, url } = yield* countedServer(
        { STREAMS_PER_USER: "200" },
        forgiving
      )
      const first = yield* openStream(url, token, { message: "/pause" })
      yield* first.hears("stream_options")
      const thread_id = threadOf(first.heard())
      const others = yield* Effect.forEach(Array.from({ length: 199 }), () =>
        openStream(url, token, { message: "Hello", thread_id })
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
      const { connections, nothingLeft, token, url } = yield* countedServer()
      const halves = yield* Effect.all(crowd(() => askHalf(url, token, `{"message":"Hello"}`)))
      yield* eventually(connections, (count) => count === halves.length)
      for (const { leave } of halves) yield* leave
      yield* nothingLeft
      yield* assertOk(ask(url, token))
    })
  )

  it.effect.skipIf(!onRealServer)("while the database is stuck leave nothing behind", () =>
    Effect.gen(function* () {
      const { nothingLeft, token, url } = yield* countedServer()
      const look = yield* backends
      const { release } = yield* hold(`lock table "session" in access exclusive mode`)
      const callers = yield* Effect.all(crowd(() => openStream(url, token, { message: "Hello" })))
      yield* eventually(look, (all) => all.some(({ waits }) => waits === "Lock"))
      for (const { leave } of callers) yield* leave
      yield* nothingLeft
      yield* eventually(look, (all) => all.every(({ state }) => state === "idle"))
      yield* release
      yield* assertOk(ask(url, token))
    })
  )
})
