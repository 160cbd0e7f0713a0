import { describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { onRealServer, TestDatabase } from "../support/Database.ts"
import { ask } from "../support/Client.ts"
import {
  allUnavailable,
  assertOk,
  assertTimely,
  assertUnavailable,
  behindProxy
} from "../support/faults/ServerBehindProxy.ts"
import type { Proxy } from "../support/faults/Proxy.ts"

/** Ways in which connections that fell silent come to life again, or do not. */
const recoveries: Record<string, (proxy: Proxy) => Effect.Effect<void>> = {
  "delivers what it held back": (proxy) => proxy.heal,
  "has cut them off": (proxy) => Effect.andThen(proxy.cut, proxy.heal),
  "has forgotten them": (proxy) => Effect.andThen(proxy.forget, proxy.heal)
}

describe.skipIf(!onRealServer)("a network that falls silent", () => {
  layer(TestDatabase.layer, { excludeTestServices: true })("on a real PostgreSQL", (it) => {
    for (const poolSize of [1, 10]) {
      for (const [how, recover] of Object.entries(recoveries)) {
        // At the same time, each on a database of its own: most of it is waiting.
        it.effect(
          `is answered 503, and 200 on the first request after it ${how}, pool of ${poolSize}`,
          () =>
            Effect.gen(function* () {
              const { proxy, token, url } = yield* behindProxy({ poolSize })
              yield* Effect.forEach(Array.from({ length: 10 }), () => assertOk(ask(url, token)), {
                concurrency: 10
              })
              yield* proxy.silence
              // More than six seconds, with people who come one after another and all at once.
              const began = performance.now()
              while (performance.now() - began < 6_200) {
                yield* assertUnavailable(ask(url, token))
                yield* allUnavailable(url, token, 5)
              }
              yield* recover(proxy)
              yield* assertOk(ask(url, token))
              yield* assertOk(ask(url, token, { message: "Hello" }))
            }).pipe(Effect.provide(TestDatabase.layer, { local: true }), Effect.scoped),
          { concurrent: true }
        )
      }
    }

    it.effect("delays beyond every deadline: 503 in time, 200 when it is fast again", () =>
      Effect.gen(function* () {
        const { proxy, token, url } = yield* behindProxy()
        yield* assertOk(ask(url, token))
        yield* proxy.delay(3_000)
        yield* allUnavailable(url, token, 30)
        yield* allUnavailable(url, token, 5, { message: "Hello" })
        yield* proxy.heal
        yield* assertOk(ask(url, token))
      })
    )

    for (const oneWay of [50, 100, 200]) {
      it.effect(`is slow, ${oneWay} ms each way: answers in time from the very first on`, () =>
        Effect.gen(function* () {
          const { token, url } = yield* behindProxy({ before: (proxy) => proxy.delay(oneWay) })
          for (let i = 0; i < 4; i++) {
            yield* assertTimely(ask(url, token))
          }
        })
      )
    }
  })
})
