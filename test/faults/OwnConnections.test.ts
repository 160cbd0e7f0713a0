import { assert, describe, layer } from "@effect/vitest"
import { Effect, Fiber, Redacted } from "effect"
import * as Database from "../../src/postgres/Pool.ts"
import { jwksRow } from "../support/BetterAuthSchema.ts"
import { onRealServer, TestDatabase } from "../support/Database.ts"
import { ask } from "../support/Client.ts"
import { start } from "../support/Server.ts"
import { makeKey, pluginClaims, sign } from "../support/Tokens.ts"
import { backends, freshDatabase } from "../support/faults/ServerBehindProxy.ts"
import { eventually } from "../support/Eventually.ts"
import { hold } from "../support/faults/Locks.ts"

/** Needs to know who asks, and nothing of our own tables. */
const transcription = {
  type: "input.transcribe",
  params: { audio_base64: "", mime_type: "audio/webm" }
}
const transcribed = `{"text":"0 bytes of audio/webm"}`

describe.skipIf(!onRealServer)("authentication", () => {
  layer(TestDatabase.layer, { excludeTestServices: true })("on a real PostgreSQL", (it) => {
    it.effect.each([1, 2])("goes on while every connection of a pool of %d is held", (poolSize) =>
      Effect.gen(function* () {
        const { database, key, token } = yield* freshDatabase
        const { url } = yield* start(
          Database.layer({ url: Redacted.make(database.url!), poolSize })
        )
        assert.strictEqual((yield* ask(url, token)).status, 200)

        const { release } = yield* hold("lock table chatkit.threads in access exclusive mode")
        // Twice as many as there are connections: the others wait for one.
        const stuck = yield* Effect.forEach(Array.from({ length: 2 * poolSize }), () =>
          Effect.forkChild(ask(url, token))
        )
        yield* eventually(
          yield* backends,
          (all) => all.filter(({ waits }) => waits === "Lock").length === poolSize
        )

        const tokenOf = (person: string) =>
          Effect.promise(() => sign(key, pluginClaims(person, { jti: "another" })))
        const answers = yield* Effect.forEach(["ada", "grace", "asleep", "ghost"], (person) =>
          Effect.flatMap(tokenOf(person), (token) => ask(url, token, transcription))
        )
        assert.deepStrictEqual(
          answers.map(({ body, status }) => [status, body]),
          [
            [200, transcribed],
            [200, transcribed],
            [404, `{"error":"No active sessions found for user","status":404}`],
            [404, `{"error":"User not found with provided email","status":404}`]
          ]
        )
        // Its key is not known yet.
        const another = yield* Effect.promise(() => makeKey("EdDSA", "another"))
        yield* database.exec(jwksRow(another.kid, another.publicJwk))
        const signed = yield* Effect.promise(() => sign(another, pluginClaims("grace")))
        assert.strictEqual((yield* ask(url, signed, transcription)).body, transcribed)
        assert.isTrue(stuck.every((fiber) => fiber.pollUnsafe() === undefined))

        yield* release
        for (const { status } of yield* Fiber.joinAll(stuck)) assert.strictEqual(status, 200)
      })
    )
  })
})
