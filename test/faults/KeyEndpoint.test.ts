import { assert, layer } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { TestDatabase } from "../support/Database.ts"
import { ask, start } from "../support/Server.ts"
import { makeKey, pluginClaims, sign, type SigningKey } from "../support/Tokens.ts"
import {
  allUnavailable,
  assertOk,
  assertUnavailable,
  eventually,
  freshDatabase,
  get,
  unavailable
} from "../support/faults/BehindProxy.ts"
import * as KeyEndpoint from "../support/faults/KeyEndpoint.ts"

const hour = 60 * 60_000

/** A server that has its keys from an endpoint, and tokens of ada's by the endpoint's time. */
const withEndpoint = (before: (endpoint: Endpoint) => Effect.Effect<void> = () => Effect.void) =>
  Effect.gen(function* () {
    const { database } = yield* freshDatabase
    yield* database.exec(
      `update "session" set "expiresAt" = now() + interval '30 days' where "userId" = 'ada'`
    )
    const key = yield* Effect.promise(() => makeKey("EdDSA", "first"))
    const endpoint = yield* KeyEndpoint.make(KeyEndpoint.keySet(key))
    yield* before(endpoint)
    const time = yield* KeyEndpoint.settableClock
    const { logs, url } = yield* start(database.client, {
      BETTER_AUTH_JWKS_URL: endpoint.url
    }).pipe(Effect.provideService(Clock.Clock, time.clock))
    const tokenBy = (signer: SigningKey) =>
      Effect.promise(() => sign(signer, pluginClaims("ada", {}, time.nowInSeconds())))
    return { ...endpoint, ...time, key, url, logs, tokenBy }
  })
type Endpoint = Effect.Success<ReturnType<typeof KeyEndpoint.make>>

const notKeys: Record<string, KeyEndpoint.Words> = {
  "answers 500": { status: 500, body: `{"keys":[]}` },
  "answers 404": { status: 404, body: "not here" },
  "answers a page": { status: 200, body: "<html>Log in first</html>" },
  "answers other JSON": { status: 200, body: `{"message":"ok"}` },
  "answers null": { status: 200, body: "null" },
  "answers without an end": { status: 200, body: `{"keys":[],"x":"${"x".repeat(300_000)}"}` }
}

const faults: Record<string, (endpoint: Endpoint) => Effect.Effect<void>> = {
  "refuses connections": ({ proxy }) => proxy.refuse,
  "is silent": ({ proxy }) => proxy.silence,
  "takes too long": ({ proxy }) => proxy.delay(2_500)
}

layer(TestDatabase.layer, { excludeTestServices: true })("a key endpoint in trouble", (it) => {
  for (const [how, strike] of Object.entries(faults)) {
    it.effect(`that ${how}, with no key known: 503, then 200 on the first request after`, () =>
      Effect.gen(function* () {
        const { key, logs, proxy, say, tokenBy, url } = yield* withEndpoint(strike)
        const token = yield* tokenBy(key)
        const answer = yield* assertUnavailable(ask(url, token))
        assert.strictEqual(answer.body, unavailable)
        yield* allUnavailable(url, token, 20)
        assert.isTrue(logs.some((line) => line.includes("keys unavailable")))
        assert.isTrue(logs.some((line) => line.includes("no verification keys can be loaded")))
        assert.strictEqual((yield* get(url, "/healthz")).status, 200)

        yield* say(KeyEndpoint.keySet(key))
        yield* proxy.heal
        yield* assertOk(ask(url, token))
        yield* eventually(get(url, "/readyz"), ({ status }) => status === 200)
      })
    )
  }

  it.effect("that answers anything but keys, with none known: 503, then 200", () =>
    Effect.gen(function* () {
      const { key, proxy, say, tokenBy, url } = yield* withEndpoint(({ proxy }) => proxy.refuse)
      const token = yield* tokenBy(key)
      yield* assertUnavailable(ask(url, token))
      yield* proxy.heal
      for (const words of Object.values(notKeys)) {
        yield* say(words)
        yield* allUnavailable(url, token, 10)
      }
      yield* say(KeyEndpoint.keySet(key))
      yield* assertOk(ask(url, token))
    })
  )

  it.effect("leaves the keys that are known at work for 24 hours and no longer", () =>
    Effect.gen(function* () {
      const { advance, key, proxy, say, tokenBy, url } = yield* withEndpoint()
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

      yield* say(KeyEndpoint.keySet(key, other))
      yield* assertOk(ask(url, yield* tokenBy(key)))
      yield* assertOk(ask(url, yield* tokenBy(other)))
    })
  )

  it.effect("has rotated its key meanwhile: the new one counts at once, the old one no more", () =>
    Effect.gen(function* () {
      const { advance, key, proxy, say, tokenBy, url } = yield* withEndpoint()
      const next = yield* Effect.promise(() => makeKey("ES256", "next"))
      yield* assertOk(ask(url, yield* tokenBy(key)))
      yield* proxy.refuse
      yield* assertUnavailable(ask(url, yield* tokenBy(next)))
      yield* say(KeyEndpoint.keySet(next))
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

  it.effect("is asked at most once a second while everybody's key is unknown", () =>
    Effect.gen(function* () {
      const { asked, tokenBy, url } = yield* withEndpoint(({ say }) => say(notKeys["answers 500"]!))
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
