import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { keysOf } from "../../../support/Doubles.ts"
import { makeKey, pluginClaims, sign, signHs256, signRaw } from "../../../support/Tokens.ts"
import { refusal, verify } from "../../../support/auth/Verifier.ts"

// The test clock starts at 0.
const claims = (overrides: Record<string, unknown> = {}) => pluginClaims("ada", overrides, 0)
const noKeys = keysOf()

/** An HS256 token whose payload no object could be written as. */
const raw = (change: (json: string) => string) =>
  Effect.promise(() => signRaw({ alg: "HS256" }, change(JSON.stringify(claims()))))

describe("the lifetime of a token", () => {
  it.effect.each([0, 15, 300])("ends in the second it expires, %d tolerated", (clockTolerance) =>
    Effect.gen(function* () {
      const key = yield* Effect.promise(() => makeKey())
      const plugin = yield* Effect.promise(() => sign(key, claims()))
      const hs256 = yield* Effect.promise(() => signHs256(claims()))
      const policy = { clockTolerance }
      yield* TestClock.setTime((900 + clockTolerance) * 1000 - 1)
      yield* verify(plugin, keysOf(key), policy)
      yield* verify(hs256, noKeys, policy)
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* refusal(plugin, keysOf(key), policy), "expired")
      assert.strictEqual(yield* refusal(hs256, noKeys, policy), "expired")
    })
  )

  it.effect("begins in the second it says, as far as clocks may differ", () =>
    Effect.gen(function* () {
      const token = yield* Effect.promise(() => signHs256(claims({ nbf: 100 })))
      yield* TestClock.setTime(84_999)
      assert.strictEqual(yield* refusal(token, noKeys), "not_yet_valid")
      yield* TestClock.setTime(85_000)
      yield* verify(token, noKeys)
      assert.strictEqual(yield* refusal(token, noKeys, { clockTolerance: 14 }), "not_yet_valid")
    })
  )

  it.effect("is not from the future, as far as clocks may differ", () =>
    Effect.gen(function* () {
      const token = yield* Effect.promise(() => signHs256(claims({ iat: 100 })))
      yield* TestClock.setTime(84_999)
      assert.strictEqual(yield* refusal(token, noKeys), "issued_in_future")
      yield* TestClock.setTime(85_000)
      yield* verify(token, noKeys)
    })
  )

  it.effect("may be far too long", () =>
    Effect.gen(function* () {
      const token = yield* Effect.promise(() => signHs256(claims({ exp: 9_999_999_999_999 })))
      yield* verify(token, noKeys)
    })
  )

  it.effect("is over for a token without any, for none that is no number, and for infinity", () =>
    Effect.gen(function* () {
      for (const exp of ["null", '"900"', "1e999", "-1e999", "true", "[900]", "{}"]) {
        const token = yield* raw((json) => json.replace('"exp":900', `"exp":${exp}`))
        assert.strictEqual(yield* refusal(token, noKeys), "expiry_missing", exp)
      }
      const token = yield* raw((json) => json.replace('"exp":900,', ""))
      assert.strictEqual(yield* refusal(token, noKeys), "expiry_missing")
    })
  )

  it.effect.each([
    '"iat":"0"',
    '"iat":null',
    '"iat":-1e999',
    '"nbf":"0"',
    '"nbf":null',
    '"nbf":[]'
  ])("cannot be told from %s", (claim) =>
    Effect.gen(function* () {
      const token = yield* raw((json) => json.replace('"iat":0', claim))
      assert.include(["claims", "not_yet_valid"], yield* refusal(token, noKeys))
    })
  )
})

describe("a payload", () => {
  it.effect.each(["", "null", "7", '"ada"', "[]", "[{}]", "{", "{}{}", "\u0000", "\ufffd"])(
    "that is %j instead of an object is refused, though the signature be good",
    (payload) =>
      Effect.gen(function* () {
        const token = yield* Effect.promise(() => signRaw({ alg: "HS256" }, payload))
        assert.strictEqual(yield* refusal(token, noKeys), "malformed_token")
      })
  )

  it.effect("may have a claim twice, of which the last one counts", () =>
    Effect.gen(function* () {
      const token = yield* raw((json) => json.replace("{", '{"sub":"grace",'))
      assert.strictEqual((yield* verify(token, noKeys)).subject, "ada")
    })
  )
})
