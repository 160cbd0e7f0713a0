import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { TestDatabase } from "../support/Database.ts"
import { ask, get } from "../support/Client.ts"
import {
  allUnavailable,
  assertOk,
  assertUnavailable,
  unavailable
} from "../support/faults/ServerBehindProxy.ts"
import { eventually } from "../support/Eventually.ts"
import {
  type Endpoint,
  keySet,
  notKeys,
  serverWithEndpoint
} from "../support/faults/KeyEndpoint.ts"

const faults: Record<string, (endpoint: Endpoint) => Effect.Effect<void>> = {
  "refuses connections": ({ proxy }) => proxy.refuse,
  "is silent": ({ proxy }) => proxy.silence,
  "takes too long": ({ proxy }) => proxy.delay(2_500)
}

layer(TestDatabase.layer, { excludeTestServices: true })("a key endpoint in trouble", (it) => {
  for (const [how, strike] of Object.entries(faults)) {
    it.effect(`that ${how}, with no key known: 503, then 200 on the first request after`, () =>
      Effect.gen(function* () {
        const { key, logs, proxy, say, tokenBy, url } = yield* serverWithEndpoint(strike)
        const token = yield* tokenBy(key)
        const answer = yield* assertUnavailable(ask(url, token))
        assert.strictEqual(answer.body, unavailable)
        yield* allUnavailable(url, token, 20)
        assert.isTrue(logs.some((line) => line.includes("keys unavailable")))
        assert.isTrue(logs.some((line) => line.includes("no verification keys can be loaded")))
        assert.strictEqual((yield* get(url, "/healthz")).status, 200)

        yield* say(keySet(key))
        yield* proxy.heal
        yield* assertOk(ask(url, token))
        yield* eventually(get(url, "/readyz"), ({ status }) => status === 200)
      })
    )
  }

  it.effect("that answers anything but keys, with none known: 503, then 200", () =>
    Effect.gen(function* () {
      const { key, proxy, say, tokenBy, url } = yield* serverWithEndpoint(
        ({ proxy }) => proxy.refuse
      )
      const token = yield* tokenBy(key)
      yield* assertUnavailable(ask(url, token))
      yield* proxy.heal
      for (const words of Object.values(notKeys)) {
        yield* say(words)
        yield* allUnavailable(url, token, 10)
      }
      yield* say(keySet(key))
      yield* assertOk(ask(url, token))
    })
  )
})
