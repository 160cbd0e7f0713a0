import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { TestDatabase } from "../support/Database.ts"
import { ask } from "../support/Client.ts"
import { makeKey } from "../support/Tokens.ts"
import { allUnavailable, assertOk, assertUnavailable } from "../support/faults/ServerBehindProxy.ts"
import { keySet, notKeys, serverWithEndpoint } from "../support/faults/KeyEndpoint.ts"

const hour = 60 * 60_000

layer(TestDatabase.layer, { excludeTestServices: true })("the keys of an endpoint", (it) => {
  it.effect("stay at work for 24 hours while it is in trouble, and no longer", () =>
    Effect.gen(function* () {
      const { advance, key, proxy, say, tokenBy, url } = yield* serverWithEndpoint()
      yield* assertOk(ask(url, yield* tokenBy(key)))
      const other = yield* Effect.promise(() => makeKey("EdDSA", "second"))

      for (const strike of [proxy.refuse, proxy.silence, say(notKeys["answers 500"]!)]) {
        yield* strike
        // Past the minute in which nobody asks for newer keys.
        yield* advance(2 * hour)
        const token = yield* tokenBy(key)
        yield* Effect.forEach(
          Array.from({ length: 20 }),
          () =>
            Effect.gen(function* () {
              const began = performance.now()
              yield* assertOk(ask(url, token))
              assert.isBelow(performance.now() - began, 2_000)
            }),
          { concurrency: "unbounded" }
        )
        // Nobody can say whether this one is forged.
        yield* allUnavailable(url, yield* tokenBy(other), 5)
        yield* proxy.heal
      }
      yield* advance(17.9 * hour)
      yield* assertOk(ask(url, yield* tokenBy(key)))
      yield* advance(0.2 * hour)
      yield* assertUnavailable(ask(url, yield* tokenBy(key)))

      yield* say(keySet(key, other))
      yield* assertOk(ask(url, yield* tokenBy(key)))
      yield* assertOk(ask(url, yield* tokenBy(other)))
    })
  )

  it.effect(
    "that were rotated while it was away: the new one counts at once, the old one no more",
    () =>
      Effect.gen(function* () {
        const { advance, key, proxy, say, tokenBy, url } = yield* serverWithEndpoint()
        const next = yield* Effect.promise(() => makeKey("ES256", "next"))
        yield* assertOk(ask(url, yield* tokenBy(key)))
        yield* proxy.refuse
        yield* assertUnavailable(ask(url, yield* tokenBy(next)))
        yield* say(keySet(next))
        yield* proxy.heal
        yield* assertOk(ask(url, yield* tokenBy(next)))
        yield* advance(61_000)
        const removed = yield* ask(url, yield* tokenBy(key))
        assert.deepStrictEqual(
          [removed.status, removed.body],
          [401, `{"error":"Invalid or expired JWT token","status":401}`]
        )
      })
  )

  it.effect("are asked for at most once a second while everybody's key is unknown", () =>
    Effect.gen(function* () {
      const { asked, tokenBy, url } = yield* serverWithEndpoint(({ say }) =>
        say(notKeys["answers 500"]!)
      )
      const token = yield* Effect.flatMap(
        Effect.promise(() => makeKey("EdDSA", "unknown")),
        tokenBy
      )
      const began = performance.now()
      for (let i = 0; i < 4; i++) yield* allUnavailable(url, token, 20)
      const seconds = (performance.now() - began) / 1000
      assert.isAtMost(yield* asked, Math.ceil(seconds) + 1)
    })
  )
})
