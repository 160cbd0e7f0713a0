import { assert, layer } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { TestDatabase } from "../support/Database.ts"
import { ask, eventsOf } from "../support/Client.ts"
import { forgiving, start } from "../support/Server.ts"
import { freshDatabase } from "../support/faults/ServerBehindProxy.ts"
import { openStream, threadOf } from "../support/StreamClient.ts"
import { endlessResponder, long } from "../support/faults/EndlessResponder.ts"
import { countedServer } from "../support/faults/CountedServer.ts"
import {
  assistant,
  note,
  released,
  scripted,
  stored,
  threadIds,
  user
} from "../support/faults/StoredTurns.ts"

const parts = Array.from({ length: 20 }, (_, index) => `Part ${index} of it`)
const lengthy = [...parts.map((text) => `/say ${text}`), "/pause"].join("\n")

/** Each a moment: so many parts of the answer were heard, and so many turns of the event loop ago. */
const moments = [
  ...Array.from({ length: 25 }, (_, round) => ({ heard: 0, turns: Math.floor(1.3 ** round) - 1 })),
  ...Array.from({ length: 15 }, (_, round) => ({ heard: round + 1, turns: round % 4 }))
]

/** A turn that was left keeps its place until its remains are stored. */
const roomForAll = { STREAMS_PER_USER: String(moments.length) }

/** Asks and hangs up, at each of the moments. */
const leaving = Effect.fnUntraced(function* (
  url: string,
  token: string,
  bodyOf: (round: number) => unknown
) {
  for (const [round, { heard, turns }] of moments.entries()) {
    const client = yield* openStream(url, token, bodyOf(round))
    if (heard > 0) yield* client.hears(`"text":"${parts[heard]!}"`)
    for (let turn = 0; turn < turns; turn++) {
      yield* Effect.promise(() => new Promise<void>((resume) => setImmediate(resume)))
    }
    yield* client.leave
  }
})

/** After the message a beginning of the long answer and the note are stored, or nothing. */
const assertBeginning = (items: ReadonlyArray<readonly [string, string]>) => {
  if (items.length === 0) return
  assert.deepStrictEqual(items.at(-1), note)
  const whole = items.slice(0, -2)
  const [, last] = items.at(-2) ?? note
  assert.deepStrictEqual(whole, parts.slice(0, whole.length).map(assistant))
  if (items.length > 1) assert.isTrue(parts[whole.length]?.startsWith(last), last)
}

layer(TestDatabase.layer, { excludeTestServices: true })("a disconnect", (it) => {
  it.effect("at whatever moment leaves a beginning of the answer and at most one note", () =>
    Effect.gen(function* () {
      const { nothingLeft, token, url } = yield* countedServer(roomForAll, forgiving)
      yield* leaving(url, token, () => ({ message: lengthy }))
      yield* nothingLeft
      for (const id of yield* threadIds) {
        const [first, ...rest] = yield* stored(id)
        assert.deepStrictEqual(first, user(lengthy))
        assertBeginning(rest)
      }
    })
  )

  it.effect("at whatever moment leaves an existing thread ready for the next message", () =>
    Effect.gen(function* () {
      const { nothingLeft, token, url } = yield* countedServer(roomForAll, forgiving)
      const answers = yield* Effect.forEach(moments, () =>
        ask(url, token, { message: "/say Hello" })
      )
      const ids = answers.map((answer) => threadOf(eventsOf(answer)))
      yield* leaving(url, token, (round) => ({ message: lengthy, thread_id: ids[round] }))
      yield* nothingLeft
      for (const id of ids) {
        const [first, second, mine, ...rest] = yield* stored(id)
        assert.deepStrictEqual([first, second], [user("/say Hello"), assistant("Hello")])
        if (mine !== undefined) assert.deepStrictEqual(mine, user(lengthy))
        assertBeginning(rest)
      }
      const next = yield* Effect.forEach(ids, (id) =>
        ask(url, token, { message: "/say Next", thread_id: id })
      )
      assert.isTrue(next.every(({ status }) => status === 200))
    })
  )
})

layer(TestDatabase.layer, { excludeTestServices: true })("a server that stops", (it) => {
  it.effect("ends its streams with one error event and keeps what was said so far", () =>
    Effect.gen(function* () {
      const { database, token } = yield* freshDatabase
      const responder = scripted()
      const scope = yield* Scope.fork(yield* Scope.Scope)
      const first = yield* Scope.provide(
        start(database.client, {}, forgiving, responder.layer),
        scope
      )
      const message = "/say Done\n/partial Hello there\n/pause"
      const client = yield* openStream(first.url, token, { message })
      yield* client.hears(`"delta":" there"`)
      yield* Scope.close(scope, Exit.void)
      const events = yield* client.end
      const error = { type: "error", code: "stream.error", allow_retry: true }
      assert.deepStrictEqual(events.at(-1), error)
      assert.strictEqual(events.filter(({ type }) => type === "error").length, 1)
      assert.strictEqual(responder.open(), 0)
      yield* released
      const items = [user(message), assistant("Done"), assistant("Hello there"), note]
      const id = threadOf(events)
      assert.deepStrictEqual(yield* stored(id), items)

      const second = yield* start(database.client)
      const next = yield* ask(second.url, token, { message: "/say Next", thread_id: id })
      assert.strictEqual(next.status, 200, next.body)
      assert.strictEqual((yield* stored(id)).length, items.length + 2)
    })
  )

  it.effect("keeps what was said to a client that does not read", () =>
    Effect.gen(function* () {
      const { database, token } = yield* freshDatabase
      const { heldUp, loud, said } = endlessResponder()
      const responder = scripted({ loud })
      const scope = yield* Scope.fork(yield* Scope.Scope)
      const { url } = yield* Scope.provide(
        start(database.client, {}, forgiving, responder.layer),
        scope
      )
      yield* openStream(url, token, { message: "loud" }, { deaf: true })
      yield* heldUp
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(responder.open(), 0)
      yield* released
      const [id = ""] = yield* threadIds
      const items = yield* stored(id)
      assert.deepStrictEqual([items[0], items.at(-1)], [user("loud"), note])
      const kept = items
        .slice(1, -1)
        .map(([, text]) => text)
        .join("")
      assert.strictEqual(kept.length % long.length, 0)
      assert.isAtMost(said() - kept.length / long.length, 1)
    })
  )
})
