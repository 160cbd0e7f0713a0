import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { onRealServer, TestDatabase } from "../support/Database.ts"
import { ask } from "../support/Client.ts"
import { start } from "../support/Server.ts"
import { assertOk, freshDatabase } from "../support/faults/ServerBehindProxy.ts"
import { launch } from "../support/faults/ServerProcess.ts"
import { doneTexts, openStream, threadOf } from "../support/StreamClient.ts"
import { assistant, stored, user } from "../support/faults/StoredTurns.ts"

const read = (url: string, token: string, thread_id: string) =>
  assertOk(ask(url, token, { type: "threads.get_by_id", params: { thread_id } }))

describe.skipIf(!onRealServer)("a process that is killed", () => {
  layer(TestDatabase.layer, { excludeTestServices: true })("on a real PostgreSQL", (it) => {
    it.effect("in the middle of an answer leaves what was done, and its thread to others", () =>
      Effect.gen(function* () {
        const { database, token } = yield* freshDatabase
        const killed = yield* launch(database.url!)
        const message = "/say One\n/title Named\n/say Two\n/partial Half a sentence\n/pause"
        const client = yield* openStream(killed.url, token, { message })
        yield* client.hears(`"delta":" sentence"`)
        yield* killed.kill
        const id = threadOf(yield* client.end)
        const done = [user(message), assistant("One"), assistant("Two")]
        assert.deepStrictEqual(yield* stored(id), done)

        const { url } = yield* start(database.client)
        const { body } = yield* read(url, token, id)
        assert.include(body, `"title":"Named"`)
        assert.include(body, `"text":"Two"`)
        // In the message alone.
        assert.lengthOf(body.split("Half a sentence"), 2)
        const next = yield* ask(url, token, { message: "/say Next", thread_id: id })
        assert.strictEqual(next.status, 200, next.body)
        assert.deepStrictEqual(yield* stored(id), [...done, user("/say Next"), assistant("Next")])
      })
    )

    it.effect("at whatever moment has stored every item it reported as done", () =>
      Effect.gen(function* () {
        const { database, token } = yield* freshDatabase
        const parts = Array.from({ length: 60 }, (_, index) => `Part ${index} of it`)
        const message = parts.map((part) => `/say ${part}`).join("\n")
        const rounds = yield* Effect.forEach(
          Array.from({ length: 4 }),
          () => launch(database.url!),
          { concurrency: "unbounded" }
        )
        const ids: Array<string> = []
        for (const { kill, url } of rounds) {
          const clients = [
            yield* openStream(url, token, { message }),
            yield* openStream(url, token, { message })
          ]
          for (const client of clients) yield* client.hears("", "thread.created")
          const moment = Math.floor(Math.random() * 40)
          yield* clients[0]!.hears(`"text":"${parts[moment]!}"`, "thread.item.done")
          yield* kill
          for (const client of clients) {
            const events = yield* client.end
            const id = threadOf(events)
            const items = (yield* stored(id)).map(([, text]) => text)
            const told = doneTexts(events)
            assert.deepStrictEqual(items.slice(0, told.length), told, `killed at ${moment}`)
            assert.deepStrictEqual(items, [message, ...parts].slice(0, items.length))
            ids.push(id)
          }
        }

        const { url } = yield* start(database.client)
        for (const id of ids) yield* read(url, token, id)
      })
    )
  })
})
