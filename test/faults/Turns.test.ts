import { assert, describe, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber, Redacted, Stream } from "effect"
import * as Answer from "../../src/responder/Answer.ts"
import type { MessageTurn } from "../../src/responder/Turn.ts"
import { TurnWait } from "../../src/turns/TurnLeases.ts"
import * as Database from "../../src/postgres/Pool.ts"
import { onRealServer, TestDatabase } from "../support/Database.ts"
import { ask, eventsOf } from "../support/Client.ts"
import { forgiving, start } from "../support/Server.ts"
import { assertOk, freshDatabase, throughPort } from "../support/faults/ServerBehindProxy.ts"
import { eventually } from "../support/Eventually.ts"
import { launch } from "../support/faults/ServerProcess.ts"
import { openStream, threadOf } from "../support/StreamClient.ts"
import * as Proxy from "../support/faults/Proxy.ts"
import { assistant, released, scripted, stored, user } from "../support/faults/StoredTurns.ts"

const busy = "Another answer is still being written in this thread: wait for it, or stop it"

/** Two servers on one database; answers to "hold" go on when they are let go. */
const twoServers = Effect.fnUntraced(function* (options: { readonly wait?: number } = {}) {
  const { database, token } = yield* freshDatabase
  const gate = yield* Deferred.make<void>()
  const hold = (turn: MessageTurn) =>
    Answer.say(turn, "Held").pipe(
      Stream.concat(Stream.fromEffectDrain(Deferred.await(gate))),
      Stream.concat(
        Stream.fromEffectDrain(
          turn.updateThread((thread) => ({ ...thread, metadata: { held: "yes" } }))
        )
      ),
      Stream.concat(Stream.suspend(() => Answer.say(turn, "Let go")))
    )
  const responder = scripted({ hold })
  const first = yield* start(database.client, {}, forgiving, responder.layer)
  const second = yield* start(database.client, {}, forgiving, responder.layer).pipe(
    options.wait === undefined
      ? (running) => running
      : Effect.provideService(TurnWait, options.wait)
  )
  yield* assertOk(ask(first.url, token))

  /** A thread whose turn the first server holds. */
  const held = Effect.gen(function* () {
    const client = yield* openStream(first.url, token, { message: "hold" })
    yield* client.hears("Held", "thread.item.done")
    return { client, id: threadOf(client.heard()) }
  })
  const letGo = Deferred.succeed(gate, undefined)
  return { database, first, second, held, letGo, responder, token }
})

const newThread = (url: string, token: string) =>
  Effect.map(assertOk(ask(url, token, { message: "/say Begun" })), (answer) =>
    threadOf(eventsOf(answer))
  )

const parts = ["one", "two", "three"]

/** Sends messages to one thread through several servers at once, and finds each turn in one piece. */
const assertOneAfterTheOther = Effect.fnUntraced(function* (
  urls: ReadonlyArray<string>,
  token: string
) {
  const { exec } = yield* TestDatabase
  const thread_id = yield* newThread(urls[0]!, token)
  const messages = Array.from({ length: 6 }, (_, turn) =>
    [...parts.map((part) => `/say ${turn} ${part}`), `/title ${turn}`, `/meta ${turn}|yes`].join(
      "\n"
    )
  )
  const answers = yield* Effect.forEach(
    messages,
    (message, turn) => ask(urls[turn % urls.length]!, token, { message, thread_id }),
    { concurrency: "unbounded" }
  )
  for (const answer of answers) assert.strictEqual(answer.status, 200, answer.body)

  const items = (yield* stored(thread_id)).slice(2)
  const turns = Array.from({ length: messages.length }, (_, i) => items.slice(i * 4, i * 4 + 4))
  const order = turns.map(([mine]) => messages.indexOf(mine?.[1] ?? ""))
  assert.deepStrictEqual(order.toSorted(), [0, 1, 2, 3, 4, 5])
  assert.deepStrictEqual(
    turns,
    order.map((turn) => [
      user(messages[turn]!),
      ...parts.map((part) => assistant(`${turn} ${part}`))
    ])
  )
  const [row] = yield* exec(`select data from chatkit.threads where id = '${thread_id}'`)
  const thread = row?.["data"] as { title: string; metadata: Record<string, string> }
  assert.strictEqual(thread.title, String(order.at(-1)))
  assert.deepStrictEqual(Object.keys(thread.metadata), ["0", "1", "2", "3", "4", "5"])
})

describe.skipIf(!onRealServer)("one thread and two servers", () => {
  layer(TestDatabase.layer, { excludeTestServices: true })("on a real PostgreSQL", (it) => {
    it.effect("answer one message after the other, and lose nothing of the thread", () =>
      Effect.gen(function* () {
        const { first, second, token } = yield* twoServers()
        yield* assertOneAfterTheOther([first.url, second.url], token)
      })
    )

    it.effect("do so in processes of their own", () =>
      Effect.gen(function* () {
        const { database, token } = yield* freshDatabase
        const processes = yield* Effect.forEach([1, 2], () => launch(database.url!), {
          concurrency: "unbounded"
        })
        yield* assertOneAfterTheOther(
          processes.map(({ url }) => url),
          token
        )
      })
    )

    it.effect("wait for each other's turns", () =>
      Effect.gen(function* () {
        const { first, held, letGo, second, token } = yield* twoServers()
        const { client, id } = yield* held
        const asking = yield* Effect.forEach([first, second], ({ url }) =>
          Effect.forkChild(ask(url, token, { message: "/say Next", thread_id: id }))
        )
        for (const [{ logs }, count] of [
          [first, 3],
          [second, 1]
        ] as const) {
          yield* eventually(
            Effect.sync(() => logs.filter((line) => line.includes(`"accepted"`)).length),
            (accepted) => accepted >= count
          )
        }
        assert.deepStrictEqual(yield* stored(id), [user("hold"), assistant("Held")])
        yield* letGo
        yield* client.end
        for (const fiber of asking) yield* assertOk(Fiber.join(fiber))
        const next = [user("/say Next"), assistant("Next")]
        const whole = [user("hold"), assistant("Held"), assistant("Let go"), ...next, ...next]
        assert.deepStrictEqual(yield* stored(id), whole)
      })
    )

    it.effect("refuse with 409 what would wait too long, and disturb nobody", () =>
      Effect.gen(function* () {
        const { held, letGo, second, token } = yield* twoServers({ wait: 300 })
        const { client, id } = yield* held
        const refused = yield* ask(second.url, token, { message: "Hello", thread_id: id })
        const body = JSON.stringify({ error: busy, status: 409, message: busy })
        assert.deepStrictEqual([refused.status, refused.body], [409, body])
        yield* letGo
        yield* client.end
        yield* released
        const whole = [user("hold"), assistant("Held"), assistant("Let go")]
        assert.deepStrictEqual(yield* stored(id), whole)
        yield* assertOk(ask(second.url, token, { message: "Hello", thread_id: id }))
      })
    )

    it.effect("do not make other threads wait", () =>
      Effect.gen(function* () {
        const { first, held, second, token } = yield* twoServers({ wait: 300 })
        const other = yield* newThread(first.url, token)
        yield* held
        for (const { url } of [first, second]) {
          yield* assertOk(ask(url, token, { message: "Hello", thread_id: other }))
          yield* newThread(url, token)
        }
      })
    )

    it.effect("keep a name that the thread is given during a turn", () =>
      Effect.gen(function* () {
        const { database, held, letGo, second, token } = yield* twoServers()
        const { client, id } = yield* held
        const params = { thread_id: id, title: "Renamed" }
        yield* assertOk(ask(second.url, token, { type: "threads.update", params }))
        yield* letGo
        const updated = (yield* client.end).find(({ type }) => type === "thread.updated")
        assert.deepNestedInclude(updated, { "thread.title": "Renamed" })
        const [row] = yield* database.exec(`select data from chatkit.threads where id = '${id}'`)
        assert.deepNestedInclude(row, { "data.title": "Renamed", "data.metadata": { held: "yes" } })
      })
    )

    const deleted = {
      type: "error",
      code: "custom",
      message: "This thread was deleted",
      allow_retry: false
    }

    it.effect("D6: end the turn of a thread that was deleted, though its responder is silent", () =>
      Effect.gen(function* () {
        const { first, held, responder, second, token } = yield* twoServers()
        const { client, id } = yield* held
        const params = { thread_id: id }
        yield* assertOk(ask(second.url, token, { type: "threads.delete", params }))
        const events = yield* client.end
        assert.deepStrictEqual(
          events.filter(({ type }) => type === "error"),
          [deleted]
        )
        assert.deepStrictEqual(yield* stored(id), [])
        yield* eventually(Effect.sync(responder.open), (open) => open === 0)
        assert.deepStrictEqual(
          first.logs.filter((line) => line.includes("Error") || line.includes("ERROR")),
          []
        )
      })
    )

    it.effect("D6: offer no retry where the responder's next words find the thread deleted", () =>
      Effect.gen(function* () {
        const { first, held, letGo, token } = yield* twoServers()
        const { client, id } = yield* held
        const params = { thread_id: id }
        yield* assertOk(ask(first.url, token, { type: "threads.delete", params }))
        yield* letGo
        const events = yield* client.end
        assert.deepStrictEqual(events.at(-1), deleted)
        assert.deepStrictEqual(yield* stored(id), [])
      })
    )

    it.effect(
      "G2: keep a thread that shows signs of life, and take it from one that does not",
      () =>
        Effect.gen(function* () {
          const { database, held, letGo, responder, second, token } = yield* twoServers({
            wait: 8_000
          })
          const target = new URL(database.url!)
          const proxy = yield* Proxy.make({
            host: target.hostname,
            port: Number(target.port || 5432)
          })
          const lost = yield* start(
            Database.layer({
              url: Redacted.make(throughPort(target.href, proxy.port)),
              poolSize: 10
            }),
            {},
            forgiving,
            responder.layer
          )
          const living = yield* held
          const silent = yield* openStream(lost.url, token, { message: "hold" })
          yield* silent.hears("Held", "thread.item.done")
          const id = threadOf(silent.heard())
          yield* proxy.silence

          const [refused, taken] = yield* Effect.forEach(
            [living.id, id],
            (thread_id) => ask(second.url, token, { message: "/say Next", thread_id }),
            { concurrency: 2 }
          )
          assert.strictEqual(refused?.status, 409, refused?.body)
          assert.strictEqual(taken?.status, 200, taken?.body)
          yield* proxy.heal
          // Its responder says nothing: the server finds out by itself.
          const events = yield* silent.end
          yield* letGo
          const error = { type: "error", code: "stream.error", allow_retry: true }
          assert.deepStrictEqual(events.at(-1), error)
          assert.deepStrictEqual(yield* stored(id), [
            user("hold"),
            assistant("Held"),
            user("/say Next"),
            assistant("Next")
          ])
          yield* living.client.end
          assert.deepStrictEqual(yield* stored(living.id), [
            user("hold"),
            assistant("Held"),
            assistant("Let go")
          ])
        })
    )
  })
})
