import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { KeysUnavailable } from "../../../../src/auth/Errors.ts"
import { signHs256 } from "../../../support/Tokens.ts"
import {
  another,
  claims,
  expectOf,
  forged,
  hs256,
  known,
  outcome,
  plugin,
  replaced,
  session,
  verifier
} from "../../../support/auth/TokenMemory.ts"

describe("the keys of a remembered token", () => {
  /** Loads the keys, and has the token verified so late that it outlives them in memory. */
  const remembered = Effect.gen(function* () {
    assert.strictEqual(yield* outcome(forged(plugin)), "signature")
    yield* TestClock.setTime(30_000)
    yield* expectOf(plugin, "good", 1)
    yield* expectOf(plugin, "good", 0)
  })

  it.effect("are loaded anew once a minute: it stays good as long as they are the same", () => {
    const { layer, source } = verifier()
    return Effect.gen(function* () {
      yield* remembered
      source.has({ ...known!, jwk: { ...known!.jwk } })
      yield* TestClock.setTime(60_001)
      yield* expectOf(plugin, "good", 0)
      assert.strictEqual(source.loads, 2)
    }).pipe(Effect.provide(layer))
  })

  it.effect.each([
    ["its key was removed", [another], "key_unknown", 0],
    ["all keys were removed", [], "keys_empty", 0],
    ["another key took the id of its own", [replaced], "signature", 1],
    ["its key was retired", [{ ...known!, retiresAt: 60_000 }], "key_retired", 0],
    [
      "its key is of another kind now",
      [{ ...known!, jwk: { kty: "RSA" } }],
      "algorithm_not_of_key",
      0
    ]
  ] as const)("are loaded anew once a minute: refused when %s", ([, keys, reason, verified]) => {
    const { layer, source } = verifier()
    return Effect.gen(function* () {
      yield* remembered
      source.has(...keys.flatMap((key) => key ?? []))
      yield* TestClock.setTime(60_000)
      yield* expectOf(plugin, "good", 0)
      yield* TestClock.setTime(60_001)
      yield* expectOf(plugin, reason, verified)
      // The memory would have lasted until 90 s, and forgets nothing for good.
      source.has(known!)
      yield* TestClock.setTime(125_000)
      yield* expectOf(plugin, "good", 1)
    }).pipe(Effect.provide(layer))
  })

  it.effect("verify it anew when another key came beside its own", () => {
    const { layer, source } = verifier()
    return Effect.gen(function* () {
      yield* remembered
      source.has(known!, another!)
      yield* TestClock.setTime(60_001)
      yield* expectOf(plugin, "good", 1)
      yield* expectOf(plugin, "good", 0)
    }).pipe(Effect.provide(layer))
  })

  it.effect("retire to the millisecond, without being loaded", () => {
    const { layer, source } = verifier()
    source.has({ ...known!, retiresAt: 40_000 })
    return Effect.gen(function* () {
      yield* remembered
      yield* TestClock.setTime(39_999)
      yield* expectOf(plugin, "good", 0)
      yield* TestClock.setTime(40_000)
      yield* expectOf(plugin, "key_retired", 0)
      assert.strictEqual(source.loads, 1)
    }).pipe(Effect.provide(layer))
  })

  it.effect("being out of reach change nothing as long as they are known", () => {
    const { layer, source } = verifier()
    return Effect.gen(function* () {
      yield* remembered
      source.answer = Effect.fail(new KeysUnavailable())
      yield* TestClock.setTime(60_001)
      yield* expectOf(plugin, "good", 0)
      yield* TestClock.setTime(24 * 3600 * 1000)
      assert.strictEqual(yield* outcome(plugin), "expired")
    }).pipe(Effect.provide(layer))
  })

  it.effect("matter to no token that the secret signed", () => {
    const { layer, source } = verifier()
    source.answer = Effect.fail(new KeysUnavailable())
    return Effect.gen(function* () {
      for (const token of [hs256, session]) {
        yield* expectOf(token, "good", 1)
        yield* expectOf(token, "good", 0)
      }
      assert.strictEqual(source.loads, 0)
    }).pipe(Effect.provide(layer))
  })
})

describe("a failure", () => {
  it.effect("is not remembered: the key may appear", () => {
    const { layer, source } = verifier()
    source.has(another!)
    return Effect.gen(function* () {
      yield* expectOf(plugin, "key_unknown", 0)
      source.has(another!, known!)
      const waiting = yield* Effect.forkChild(outcome(plugin))
      yield* TestClock.adjust(1000)
      assert.strictEqual(yield* Fiber.join(waiting), "good")
      yield* expectOf(plugin, "good", 0)
    }).pipe(Effect.provide(layer))
  })

  it.effect("is not remembered: the right key may take the place of a wrong one", () => {
    const { layer, source } = verifier()
    source.has(replaced!)
    return Effect.gen(function* () {
      yield* expectOf(plugin, "signature", 1)
      yield* expectOf(plugin, "signature", 1)
      source.has(known!)
      yield* TestClock.setTime(60_001)
      yield* expectOf(plugin, "good", 1)
    }).pipe(Effect.provide(layer))
  })

  it.effect("is not remembered: keys may come into reach", () => {
    const { layer, source } = verifier()
    source.answer = Effect.fail(new KeysUnavailable())
    return Effect.gen(function* () {
      assert.strictEqual(yield* outcome(plugin), "KeysUnavailable")
      source.has(known!)
      yield* TestClock.adjust(5_000)
      yield* expectOf(plugin, "good", 1)
    }).pipe(Effect.provide(layer))
  })

  it.effect("is not remembered: the token may be early", () => {
    const { layer } = verifier()
    return Effect.gen(function* () {
      const token = yield* Effect.promise(() => signHs256(claims({ nbf: 100 })))
      yield* expectOf(token, "not_yet_valid", 0)
      yield* TestClock.setTime(100_000)
      yield* expectOf(token, "good", 1)
    }).pipe(Effect.provide(layer))
  })
})
