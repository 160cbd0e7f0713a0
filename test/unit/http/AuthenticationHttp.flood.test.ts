import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { KeySource } from "../../../src/auth/KeySource.ts"
import { ask } from "../../support/Client.ts"
import { publicKeyOf } from "../../support/Doubles.ts"
import { key, ServerOnDoubles } from "../../support/http/ServerOnDoubles.ts"
import { pluginClaims, sign, signRaw } from "../../support/Tokens.ts"

/** Signed at 0, where the test's clock begins. */
const claims = pluginClaims("ada", {}, 0)

describe("a flood of tokens of unknown keys at the server", () => {
  it.effect("G7: costs valid tokens nothing and is refused, with one load of keys a second", () =>
    Effect.gen(function* () {
      const held = yield* Deferred.make<void>()
      const loading = yield* Deferred.make<void>()
      let loads = 0
      const keys = Layer.succeed(KeySource, {
        load: Effect.suspend(() => {
          loads += 1
          const first = loads === 1 ? Effect.void : Deferred.await(held)
          return Deferred.succeed(loading, undefined).pipe(
            Effect.when(Effect.sync(() => loads === 2)),
            Effect.andThen(first),
            Effect.as([publicKeyOf(key)])
          )
        })
      })
      yield* Effect.gen(function* () {
        const { url } = yield* ServerOnDoubles
        const valid = yield* Effect.promise(() => sign(key, claims))
        assert.strictEqual((yield* ask(url, valid)).status, 200)
        yield* TestClock.adjust(1_000)

        const forged = yield* Effect.promise(() =>
          Promise.all(
            Array.from({ length: 100 }, (_, i) =>
              signRaw({ alg: "EdDSA", kid: `unknown-${i}` }, JSON.stringify(claims))
            )
          )
        )
        const flood = yield* Effect.forkChild(
          Effect.forEach(forged, (token) => ask(url, token), { concurrency: "unbounded" })
        )
        yield* Deferred.await(loading)
        for (let i = 0; i < 5; i++) assert.strictEqual((yield* ask(url, valid)).status, 200)
        assert.isUndefined(flood.pollUnsafe())

        yield* Deferred.succeed(held, undefined)
        // Those that came while the keys were loaded wait for the next load, a second later.
        let seconds = 1
        while (flood.pollUnsafe() === undefined) {
          yield* TestClock.adjust(1_000)
          seconds += 1
          assert.strictEqual((yield* ask(url, valid)).status, 200)
        }
        const answers = yield* Fiber.join(flood)
        assert.deepStrictEqual([...new Set(answers.map(({ status }) => status))], [401])
        assert.isAtMost(loads, 1 + seconds)
      }).pipe(Effect.provide(ServerOnDoubles.layer({ keys })))
    })
  )
})
