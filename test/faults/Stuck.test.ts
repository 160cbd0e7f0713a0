import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { onRealServer, TestDatabase } from "../support/Database.ts"
import { ask } from "../support/Client.ts"
import {
  allUnavailable,
  assertOk,
  assertUnavailable,
  backends,
  behindProxy,
  unavailable,
  unavailableToKnown
} from "../support/faults/ServerBehindProxy.ts"
import { eventually } from "../support/Eventually.ts"
import { hold } from "../support/faults/Locks.ts"

const nobodyWaits = Effect.flatMap(backends, (look) =>
  eventually(look, (all) => all.every(({ state }) => state === "idle"))
)

describe.skipIf(!onRealServer)("a statement that is stuck", () => {
  layer(TestDatabase.layer, { excludeTestServices: true })("on a real PostgreSQL", (it) => {
    for (const poolSize of [1, 2, 10]) {
      it.effect(
        `behind a lock on Better Auth's sessions is answered 503 until its release, pool of ${poolSize}`,
        () =>
          Effect.gen(function* () {
            const { token, url } = yield* behindProxy({ poolSize })
            yield* assertOk(ask(url, token))
            const { release } = yield* hold(`lock table "session" in access exclusive mode`)
            const answer = yield* assertUnavailable(ask(url, token))
            assert.strictEqual(answer.body, unavailable)
            yield* allUnavailable(url, token, 30)
            yield* release
            yield* assertOk(ask(url, token))
            yield* nobodyWaits
          })
      )

      it.effect(
        `behind a lock on the threads is answered 503 until its release, pool of ${poolSize}`,
        () =>
          Effect.gen(function* () {
            const { token, url } = yield* behindProxy({ poolSize })
            yield* assertOk(ask(url, token))
            const { release } = yield* hold("lock table chatkit.threads in access exclusive mode")
            const answer = yield* assertUnavailable(ask(url, token))
            assert.strictEqual(answer.body, unavailableToKnown)
            yield* allUnavailable(url, token, 30)
            yield* allUnavailable(url, token, 5, { message: "Hello" })
            yield* release
            yield* assertOk(ask(url, token, { message: "Hello" }))
            yield* nobodyWaits
          })
      )
    }

    it.effect("waits for no lock after its caller was told 503, while the lock is still held", () =>
      Effect.gen(function* () {
        const { token, url } = yield* behindProxy()
        yield* assertOk(ask(url, token))
        yield* hold(`lock table "session" in access exclusive mode`)
        yield* allUnavailable(url, token, 30)
        yield* nobodyWaits
      })
    )

    it.effect("behind a lock on the keys, none known yet, is answered 503 until its release", () =>
      Effect.gen(function* () {
        const { token, url } = yield* behindProxy()
        const { release } = yield* hold(`lock table "jwks" in access exclusive mode`)
        yield* assertUnavailable(ask(url, token))
        yield* allUnavailable(url, token, 10)
        yield* release
        yield* assertOk(ask(url, token))
        yield* nobodyWaits
      })
    )

    it.effect(
      "in a migration whose connection is lost silently does not block the next attempt",
      () =>
        Effect.gen(function* () {
          const { release } = yield* hold("select pg_advisory_xact_lock(7242428548)")
          const { proxy, token, url } = yield* behindProxy()
          yield* assertUnavailable(ask(url, token))
          yield* proxy.forget
          yield* release
          yield* eventually(ask(url, token), ({ status }) => status === 200, 16)
        })
    )

    it.effect("in a migration behind another server's is answered 503 until that one ends", () =>
      Effect.gen(function* () {
        const { release } = yield* hold("select pg_advisory_xact_lock(7242428548)")
        const { token, url } = yield* behindProxy({ poolSize: 1 })
        yield* allUnavailable(url, token, 5)
        yield* release
        yield* assertOk(ask(url, token))
      })
    )
  })
})
