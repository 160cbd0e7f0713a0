import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { betterAuthTables, jwksRow, people } from "../../support/BetterAuthSchema.ts"
import { TestDatabase } from "../../support/Database.ts"
import { ask, eventsOf } from "../../support/Client.ts"
import { start } from "../../support/Server.ts"
import { makeKey, pluginClaims, sign } from "../../support/Tokens.ts"

/** A server on a real database with the cast in it, and a key that signs for them. */
const withServer = Effect.gen(function* () {
  const database = yield* TestDatabase
  const key = yield* Effect.promise(() => makeKey())
  yield* database.exec(betterAuthTables + people + jwksRow(key.kid, key.publicJwk))
  const { logs, url } = yield* start(database.client)
  const tokenFor = (person: string, claims: Record<string, unknown> = {}) =>
    Effect.promise(() => sign(key, pluginClaims(person, claims)))
  return { database, key, url, logs, tokenFor }
})

describe("POST /support/chatkit", () => {
  it.live("answers a signed-in person with a stream and everybody else with a refusal", () =>
    Effect.gen(function* () {
      const { tokenFor, url } = yield* withServer

      const hello = yield* ask(url, yield* tokenFor("ada"), { message: "Hello" })
      assert.strictEqual(hello.status, 200)
      assert.deepStrictEqual(
        eventsOf(hello).map(({ type }) => type),
        [
          "thread.created",
          "thread.item.done",
          "stream_options",
          "thread.item.added",
          "thread.item.updated",
          "thread.item.updated",
          "thread.item.updated",
          "thread.item.updated",
          "thread.item.done"
        ]
      )

      const asleep = yield* ask(url, yield* tokenFor("asleep"))
      assert.deepStrictEqual(
        [asleep.status, asleep.body],
        [404, `{"error":"No active sessions found for user","status":404}`]
      )

      const ghost = yield* ask(url, yield* tokenFor("ghost"))
      assert.deepStrictEqual(
        [ghost.status, ghost.body],
        [404, `{"error":"User not found with provided email","status":404}`]
      )

      const expired = yield* ask(url, yield* tokenFor("ada", { exp: 1 }))
      assert.deepStrictEqual(
        [expired.status, expired.body],
        [401, `{"error":"Invalid or expired JWT token","status":401}`]
      )
    }).pipe(Effect.provide(TestDatabase.layer), Effect.scoped)
  )
})
