import { assert, describe, layer } from "@effect/vitest"
import { type Cause, Effect, Queue, Redacted, Stream } from "effect"
import * as Answer from "../../src/responder/Answer.ts"
import type { MessageTurn } from "../../src/responder/Turn.ts"
import * as Database from "../../src/postgres/Pool.ts"
import { onRealServer, TestDatabase } from "../support/Database.ts"
import { ask, eventsOf } from "../support/Client.ts"
import { forgiving, start } from "../support/Server.ts"
import { assertOk, freshDatabase, throughPort } from "../support/faults/ServerBehindProxy.ts"
import { eventually } from "../support/Eventually.ts"
import { doneTexts, openStream, threadOf } from "../support/StreamClient.ts"
import * as Proxy from "../support/faults/Proxy.ts"
import { assistant, note, released, scripted, stored, user } from "../support/faults/StoredTurns.ts"

const brokenOff = { type: "error", code: "stream.error", allow_retry: true }

/** A server whose way to PostgreSQL leads through a proxy, and whose answers say what they are told. */
const dictated = Effect.gen(function* () {
  const { database, token } = yield* freshDatabase
  const words = yield* Queue.make<string, Cause.Done>()
  const target = new URL(database.url!)
  const proxy = yield* Proxy.make({ host: target.hostname, port: Number(target.port || 5432) })
  const dictation = (turn: MessageTurn) =>
    Stream.flatMap(Stream.fromQueue(words), (text) => Answer.say(turn, text))
  const half = (turn: MessageTurn) =>
    Answer.streamText(turn, Stream.concat(Stream.make("Half a word"), Stream.never))
  const { logs, url } = yield* start(
    Database.layer({ url: Redacted.make(throughPort(target.href, proxy.port)), poolSize: 10 }),
    {},
    forgiving,
    scripted({ dictation, half }).layer
  )
  yield* assertOk(ask(url, token))
  const dictate = (text: string) => Queue.offer(words, text)
  return { database, dictate, logs, proxy, stopDictation: Queue.end(words), token, url }
})

describe.skipIf(!onRealServer)("a database that is lost in the middle of an answer", () => {
  layer(TestDatabase.layer, { excludeTestServices: true })("on a real PostgreSQL", (it) => {
    it.effect("ends it with one retryable error event, and keeps what was done", () =>
      Effect.gen(function* () {
        const { dictate, proxy, token, url } = yield* dictated
        const client = yield* openStream(url, token, { message: "dictation" })
        yield* dictate("Before")
        yield* client.hears("Before", "thread.item.done")
        yield* proxy.refuse
        yield* dictate("During")
        const events = yield* client.end
        assert.deepStrictEqual(events.at(-1), brokenOff)
        assert.strictEqual(events.filter(({ type }) => type === "error").length, 1)
        assert.deepStrictEqual(doneTexts(events), ["dictation", "Before"])
        yield* proxy.heal
        const id = threadOf(events)
        const next = yield* assertOk(ask(url, token, { message: "/say Next", thread_id: id }))
        assert.strictEqual(eventsOf(next).at(-1)?.["type"], "thread.item.done")
        // The text was read before the database was found to be away.
        const kept = [user("dictation"), assistant("Before"), assistant("During")]
        assert.deepStrictEqual(yield* stored(id), [...kept, user("/say Next"), assistant("Next")])
      })
    )

    it.effect("and is back before the next item causes no failure", () =>
      Effect.gen(function* () {
        const { dictate, proxy, token, url } = yield* dictated
        const client = yield* openStream(url, token, { message: "dictation" })
        const texts = ["One", "Two", "Three"]
        for (const text of texts) {
          yield* dictate(text)
          yield* client.hears(text, "thread.item.done")
          yield* proxy.cut
        }
        yield* client.leave
        yield* released
        const id = threadOf(client.heard())
        assert.deepStrictEqual(yield* stored(id), [
          user("dictation"),
          ...texts.map(assistant),
          note
        ])
      })
    )

    it.effect("and cuts the connections made instead while they start causes no failure", () =>
      Effect.gen(function* () {
        const { dictate, proxy, stopDictation, token, url } = yield* dictated
        const client = yield* openStream(url, token, { message: "dictation" })
        yield* proxy.cut
        yield* proxy.cutStarts(2)
        yield* dictate("Before")
        yield* client.hears("Before", "thread.item.done")
        yield* proxy.cut
        yield* proxy.cutStarts(2)
        yield* stopDictation
        const events = yield* client.end
        assert.deepStrictEqual(doneTexts(events), ["dictation", "Before"])
        assert.strictEqual(events.at(-1)?.["type"], "thread.item.done")
        const rename = { title: "Renamed", thread_id: threadOf(events) }
        yield* released
        yield* proxy.cut
        // Brings the connections back that only authentication uses.
        const params = { audio_base64: "", mime_type: "audio/webm" }
        yield* assertOk(ask(url, token, { type: "input.transcribe", params }))
        yield* proxy.cutStarts(2)
        yield* assertOk(ask(url, token, { type: "threads.update", params: rename }))
      })
    )

    it.effect("has all that was sent as done, whenever its connections are cut", () =>
      Effect.gen(function* () {
        const { logs, proxy, token, url } = yield* dictated
        const parts = Array.from({ length: 40 }, (_, index) => `Part ${index} of it`)
        const message = parts.map((part) => `/say ${part}`).join("\n")
        for (let round = 0; round < 12; round++) {
          const client = yield* openStream(url, token, { message })
          const moment = Math.floor(Math.random() * 30)
          yield* client.hears(`"text":"${parts[moment]!}"`, "thread.item.done")
          for (let turns = 0; turns < round; turns++) {
            yield* Effect.promise(() => new Promise<void>((resume) => setImmediate(resume)))
          }
          yield* proxy.cut
          const events = yield* client.end
          const told = doneTexts(events)
          const id = threadOf(events)
          const items = (yield* stored(id)).map(([, text]) => text)
          assert.deepStrictEqual(items.slice(0, told.length), told)
          assert.deepStrictEqual(items, [message, ...parts].slice(0, items.length))
          const errors = events.filter(({ type }) => type === "error")
          assert.deepStrictEqual(errors, [], logs.join("\n"))
          assert.strictEqual(told.length, parts.length + 1)
          yield* assertOk(ask(url, token, { message: "/say Next", thread_id: id }))
          assert.deepStrictEqual((yield* stored(id)).slice(-2), [
            user("/say Next"),
            assistant("Next")
          ])
        }
      })
    )

    it.effect("G6: and whose client hangs up meanwhile has the text as soon as it is back", () =>
      Effect.gen(function* () {
        const { logs, proxy, token, url } = yield* dictated
        const client = yield* openStream(url, token, { message: "half" })
        yield* client.hears(`"delta":"Half a word"`)
        yield* proxy.refuse
        yield* client.leave
        yield* eventually(
          Effect.sync(() => logs.some((line) => line.includes("database unavailable"))),
          (isLogged) => isLogged
        )
        yield* proxy.heal
        yield* released
        const id = threadOf(client.heard())
        assert.deepStrictEqual(yield* stored(id), [user("half"), assistant("Half a word"), note])
        const next = yield* ask(url, token, { message: "/say Next", thread_id: id })
        assert.strictEqual(next.status, 200, next.body)
        assert.isFalse(logs.some((line) => line.includes("not kept")))
      })
    )

    it.effect("G5: gets the thread back as soon as it is there again", () =>
      Effect.gen(function* () {
        const { dictate, proxy, stopDictation, token, url } = yield* dictated
        const client = yield* openStream(url, token, { message: "dictation" })
        yield* dictate("Before")
        yield* client.hears("Before", "thread.item.done")
        yield* proxy.refuse
        yield* stopDictation
        yield* client.end
        // A lease that only runs out leaves its turn in the row.
        yield* proxy.heal
        yield* released
      })
    )
  })
})
