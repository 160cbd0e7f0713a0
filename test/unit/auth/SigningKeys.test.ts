import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { gracePeriod, publicJwk } from "../../../src/auth/KeySource.ts"
import { DbUnavailable } from "../../../src/core/Errors.ts"
import { KeysUnavailable } from "../../../src/auth/Errors.ts"
import { publicKeyOf } from "../../support/Doubles.ts"
import { type Algorithm, makeKey } from "../../support/Tokens.ts"
import { changingSource, find, outcome, publicKey } from "../../support/auth/KeySources.ts"

const algorithms = ["EdDSA", "Ed25519", "ES256", "ES384", "ES512", "RS256", "PS256", "HS256"]

describe("what a key verifies", () => {
  it.effect.each<[Algorithm, string | undefined, ReadonlyArray<string>]>([
    ["EdDSA", "EdDSA", ["EdDSA", "Ed25519"]],
    ["EdDSA", undefined, ["EdDSA", "Ed25519"]],
    ["ES256", "ES256", ["ES256"]],
    ["ES256", undefined, ["ES256"]],
    ["ES512", undefined, ["ES512"]],
    ["RS256", "RS256", ["RS256"]],
    ["PS256", "PS256", ["PS256"]],
    ["RS256", undefined, ["RS256", "PS256"]],
    // RFC 7517 §4.4: what is declared is the only one, and a key of another type has none.
    ["RS256", "EdDSA", []],
    ["EdDSA", "ES256", []],
    ["EdDSA", "HS256", []]
  ])("follows from the key: of %s, declared as %s", ([made, alg, expected]) =>
    Effect.gen(function* () {
      const source = changingSource()
      source.has({ ...publicKeyOf(yield* Effect.promise(() => makeKey(made, "k"))), alg })
      yield* Effect.gen(function* () {
        for (const asked of algorithms) {
          assert.strictEqual(
            yield* outcome("k", asked),
            expected.includes(asked) ? "found" : "algorithm_not_of_key",
            asked
          )
        }
      }).pipe(Effect.provide(source.layer))
    })
  )

  it.effect.each<Record<string, string>>([
    {},
    { kty: "oct", k: "c2VjcmV0" },
    { kty: "OKP", crv: "Ed25519" },
    { kty: "OKP", crv: "Ed25519", x: "!!" },
    { kty: "OKP", crv: "Ed25519", x: "AA" },
    { kty: "OKP", crv: "Ed448", x: "AA" },
    { kty: "OKP", crv: "X25519", x: "SZ_eLJaMlkYPvgpu9IIqnqPBynqDFiO5-qhN14Vr7sg" },
    { kty: "EC", crv: "P-256", x: "AA", y: "AA" },
    { kty: "EC", crv: "secp256k1", x: "AA", y: "AA" },
    { kty: "RSA", n: "AA" }
  ])("is nothing when the key is broken or of another kind: %j", (jwk) =>
    Effect.gen(function* () {
      const source = changingSource()
      source.has({ kid: "k", jwk, alg: undefined, retiresAt: Infinity })
      yield* Effect.gen(function* () {
        for (const asked of algorithms) {
          assert.strictEqual(yield* outcome("k", asked), "algorithm_not_of_key")
        }
      }).pipe(Effect.provide(source.layer))
    })
  )

  it("is read from public members only", () => {
    const okp = { kty: "OKP", crv: "Ed25519", x: "x" }
    assert.deepStrictEqual(publicJwk({ ...okp, d: "private", kid: "k", alg: "EdDSA" }), okp)
    const rsa = { kty: "RSA", n: "n", e: "e" }
    assert.deepStrictEqual(publicJwk({ ...rsa, d: "d", p: "p", q: "q", dp: "dp", qi: "qi" }), rsa)
    assert.deepStrictEqual(publicJwk({ ...okp, use: "sig" }), okp)
    for (const value of [
      { kty: "oct", k: "c2VjcmV0" },
      { ...okp, use: "enc" },
      {},
      { kty: null },
      { kty: ["OKP"], crv: "Ed25519", x: "x" },
      { kty: { toString: null } }
    ]) {
      assert.isUndefined(publicJwk(value))
    }
  })
})

describe("keys that are known", () => {
  it.effect("are loaded once and good for 60 seconds, and are then loaded anew", () =>
    Effect.gen(function* () {
      const key = yield* publicKey("k")
      const source = changingSource()
      source.has(key)
      yield* Effect.gen(function* () {
        const first = yield* find("k")
        for (let i = 0; i < 10; i++) assert.strictEqual(yield* find("k"), first)
        yield* TestClock.adjust(60_000)
        assert.strictEqual(yield* outcome("k"), "found")
        assert.strictEqual(source.loads, 1)
        yield* TestClock.adjust(1)
        // The same key is not imported again.
        assert.strictEqual(yield* find("k"), first)
        assert.strictEqual(source.loads, 2)
        yield* TestClock.adjust(60_000)
        assert.strictEqual(yield* outcome("k"), "found")
        assert.strictEqual(source.loads, 2)
      }).pipe(Effect.provide(source.layer))
    })
  )

  it.effect("are not even loaded before somebody asks", () =>
    Effect.gen(function* () {
      const source = changingSource()
      yield* Effect.void.pipe(Effect.provide(source.layer))
      assert.strictEqual(source.loads, 0)
    })
  )

  it.effect("are refused 60 seconds after they have been removed", () =>
    Effect.gen(function* () {
      const [kept, removed] = [yield* publicKey("kept"), yield* publicKey("removed")]
      const source = changingSource()
      source.has(kept, removed)
      yield* Effect.gen(function* () {
        assert.strictEqual(yield* outcome("removed"), "found")
        source.has(kept)
        yield* TestClock.adjust(60_001)
        assert.strictEqual(yield* outcome("removed"), "key_unknown")
        assert.strictEqual(yield* outcome("kept"), "found")
        source.has()
        yield* TestClock.adjust(60_001)
        assert.strictEqual(yield* outcome("kept"), "keys_empty")
      }).pipe(Effect.provide(source.layer))
    })
  )

  it.effect("are replaced when another key takes their id", () =>
    Effect.gen(function* () {
      const source = changingSource()
      source.has(yield* publicKey("k"))
      yield* Effect.gen(function* () {
        const first = yield* find("k")
        source.has(yield* publicKey("k"))
        yield* TestClock.adjust(60_001)
        assert.notStrictEqual(yield* find("k"), first)
      }).pipe(Effect.provide(source.layer))
    })
  )

  it.effect("retire to the millisecond, also between two loads", () =>
    Effect.gen(function* () {
      assert.strictEqual(gracePeriod, 30 * 24 * 3600 * 1000)
      const source = changingSource()
      source.has(yield* publicKey("k", { retiresAt: 5000 }))
      yield* Effect.gen(function* () {
        yield* TestClock.setTime(4999)
        assert.strictEqual(yield* outcome("k"), "found")
        yield* TestClock.setTime(5000)
        assert.strictEqual(yield* outcome("k"), "key_retired")
        assert.strictEqual(source.loads, 1)
      }).pipe(Effect.provide(source.layer))
    })
  )
})

describe("keys whose source fails", () => {
  const day = 24 * 3600 * 1000

  it.effect.each([new KeysUnavailable(), new DbUnavailable({ operation: "test" })])(
    "are out of reach with none known ($_tag), and there as soon as it is back",
    (outage) =>
      Effect.gen(function* () {
        const source = changingSource(Effect.fail(outage))
        yield* Effect.gen(function* () {
          assert.strictEqual(yield* outcome("k"), outage._tag)
          source.has(yield* publicKey("k"))
          yield* TestClock.adjust(1000)
          assert.strictEqual(yield* outcome("k"), "found")
        }).pipe(Effect.provide(source.layer))
      })
  )

  it.effect("go on working for 24 hours and no longer", () =>
    Effect.gen(function* () {
      const source = changingSource()
      source.has(yield* publicKey("k"))
      yield* Effect.gen(function* () {
        assert.strictEqual(yield* outcome("k"), "found")
        source.answer = Effect.fail(new KeysUnavailable())
        for (const at of [60_001, 3600_000, day]) {
          yield* TestClock.setTime(at)
          assert.strictEqual(yield* outcome("k"), "found")
        }
        yield* TestClock.setTime(day + 10_000)
        assert.strictEqual(yield* outcome("k"), "KeysUnavailable")
      }).pipe(Effect.provide(source.layer))
    })
  )

  it.effect("are asked for again at most once in five seconds by those whose key is known", () =>
    Effect.gen(function* () {
      const source = changingSource()
      source.has(yield* publicKey("k"))
      yield* Effect.gen(function* () {
        yield* find("k")
        source.answer = Effect.fail(new KeysUnavailable())
        yield* TestClock.adjust(60_001)
        for (let i = 0; i < 100; i++) {
          assert.strictEqual(yield* outcome("k"), "found")
          yield* TestClock.adjust(100)
        }
        assert.isAtMost(source.loads, 1 + 2)
        source.has()
        yield* TestClock.adjust(5000)
        assert.strictEqual(yield* outcome("k"), "keys_empty")
      }).pipe(Effect.provide(source.layer))
    })
  )

  it.effect("make an unknown key an outage, not a refusal", () =>
    Effect.gen(function* () {
      const source = changingSource()
      source.has(yield* publicKey("k"))
      yield* Effect.gen(function* () {
        yield* find("k")
        source.answer = Effect.fail(new KeysUnavailable())
        yield* TestClock.adjust(2000)
        assert.strictEqual(yield* outcome("new"), "KeysUnavailable")
        assert.strictEqual(yield* outcome("k"), "found")
      }).pipe(Effect.provide(source.layer))
    })
  )
})
