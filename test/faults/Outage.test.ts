import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { onRealServer, TestDatabase } from "../support/Database.ts"
import { ask, get } from "../support/Client.ts"
import {
  allUnavailable,
  assertOk,
  assertUnavailable,
  behindProxy,
  unavailable
} from "../support/faults/ServerBehindProxy.ts"

describe.skipIf(!onRealServer)("a database that is gone", () => {
  layer(TestDatabase.layer, { excludeTestServices: true })("on a real PostgreSQL", (it) => {
    it.effect("does not keep the server from starting, and heals by itself", () =>
      Effect.gen(function* () {
        const { logs, proxy, token, url } = yield* behindProxy({ before: (proxy) => proxy.refuse })

        const alive = yield* get(url, "/healthz")
        assert.deepStrictEqual([alive.status, alive.body], [200, `{"status":"alive"}`])
        const ready = yield* get(url, "/readyz")
        assert.strictEqual(ready.status, 503)
        assert.include(ready.body, "the database cannot be used: nothing listens")
        const answer = yield* assertUnavailable(ask(url, token))
        assert.strictEqual(answer.body, unavailable)
        yield* allUnavailable(url, token, 30)
        assert.isTrue(logs.some((line) => line.includes("not ready: requests are answered 503")))
        assert.isTrue(
          logs.some((line) => line.includes("the database cannot be used: nothing listens"))
        )

        yield* proxy.heal
        const healed = yield* assertOk(ask(url, token))
        assert.strictEqual(healed.body, `{"data":[],"has_more":false}`)
      })
    )

    it.effect("stores and streams on the first request after it came back", () =>
      Effect.gen(function* () {
        const { proxy, token, url } = yield* behindProxy({ before: (proxy) => proxy.refuse })
        yield* assertUnavailable(ask(url, token, { message: "Hello" }))
        yield* proxy.heal
        const answer = yield* assertOk(ask(url, token, { message: "Hello" }))
        assert.include(answer.body, "Echo: Hello")
      })
    )

    it.effect("that was silent from the start is used as soon as it speaks", () =>
      Effect.gen(function* () {
        const { proxy, token, url } = yield* behindProxy({ before: (proxy) => proxy.silence })
        assert.strictEqual((yield* get(url, "/healthz")).status, 200)
        yield* allUnavailable(url, token, 30)
        yield* proxy.heal
        yield* assertOk(ask(url, token))
      })
    )

    it.effect("refuses connections: 503 each time, and 200 on the first request after", () =>
      Effect.gen(function* () {
        const { proxy, token, url } = yield* behindProxy()
        yield* assertOk(ask(url, token))
        yield* proxy.refuse
        yield* assertUnavailable(ask(url, token))
        yield* allUnavailable(url, token, 30)
        yield* allUnavailable(url, token, 30, { message: "Hello" })
        yield* proxy.heal
        yield* assertOk(ask(url, token, { message: "Hello" }))
      })
    )

    it.effect("that is back before the next request causes no failure", () =>
      Effect.gen(function* () {
        const { proxy, token, url } = yield* behindProxy()
        yield* Effect.forEach(Array.from({ length: 10 }), () => assertOk(ask(url, token)), {
          concurrency: 10
        })
        yield* proxy.cut
        yield* assertOk(ask(url, token))
        yield* proxy.cut
        yield* assertOk(ask(url, token, { message: "Hello" }))
      })
    )

    it.effect("whose idle connections turn out to be dead causes no failure", () =>
      Effect.gen(function* () {
        const { proxy, token, url } = yield* behindProxy()
        yield* Effect.forEach(Array.from({ length: 10 }), () => assertOk(ask(url, token)), {
          concurrency: 10
        })
        yield* proxy.resetOnUse
        yield* assertOk(ask(url, token))
        yield* proxy.resetOnUse
        yield* assertOk(ask(url, token, { message: "Hello" }))
      })
    )

    it.effect("cut in the middle of a statement is answered 503, or 200 after a second try", () =>
      Effect.gen(function* () {
        const { proxy, token, url } = yield* behindProxy()
        yield* assertOk(ask(url, token))
        yield* proxy.delay(150)
        const [first] = yield* Effect.all(
          [ask(url, token), Effect.delay(proxy.cut, "100 millis")],
          { concurrency: 2 }
        )
        assert.include([200, 503], first.status)
        yield* proxy.heal
        yield* assertOk(ask(url, token))
      })
    )
  })
})
