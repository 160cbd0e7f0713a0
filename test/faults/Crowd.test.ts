import { assert, describe, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { Timeouts } from "../../src/core/Timeouts.ts"
import * as Database from "../../src/postgres/Pool.ts"
import { onRealServer, TestDatabase } from "../support/Database.ts"
import { ask, eventsOf } from "../support/Client.ts"
import { start } from "../support/Server.ts"
import { assertOk, freshDatabase } from "../support/faults/ServerBehindProxy.ts"
import { doneTexts } from "../support/StreamClient.ts"

const parts = Array.from({ length: 5 }, (_, index) => `Part ${index}`)
const message = parts.map((part) => `/say ${part}`).join("\n")

/** Each item takes as long to store as on a busy disk. */
const slowDisk = `
  create function slow_disk() returns trigger language plpgsql as
    'begin perform pg_sleep(0.01); return new; end';
  create trigger slow_disk before insert on chatkit.items
    for each row execute function slow_disk()`

describe.skipIf(!onRealServer)("a crowd at a pool of two connections", () => {
  layer(TestDatabase.layer, { excludeTestServices: true })("on a real PostgreSQL", (it) => {
    it.effect("G4: is refused at the door or answered in full, and never in the middle", () =>
      Effect.gen(function* () {
        const { database, token } = yield* freshDatabase
        const pool = Database.layer({ url: Redacted.make(database.url!), poolSize: 2 })
        const env = { DATABASE_POOL_SIZE: "2", STREAMS_PER_USER: "1000" }
        const { url } = yield* start(pool, env, Timeouts.defaultValue())
        yield* assertOk(ask(url, token))
        yield* database.exec(slowDisk)
        const answers = yield* Effect.forEach(
          Array.from({ length: 200 }),
          () => ask(url, token, { message }),
          { concurrency: "unbounded" }
        )
        const [whole, refused] = [200, 503].map((status) =>
          answers.filter((answer) => answer.status === status)
        )
        assert.strictEqual(whole!.length + refused!.length, 200)
        assert.isAbove(whole!.length, 0)
        for (const answer of whole!) {
          assert.deepStrictEqual(doneTexts(eventsOf(answer)), [message, ...parts])
        }
      })
    )
  })
})
