import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { JwtVerifier } from "../../../../src/auth/tokens/JwtVerifier.ts"
import { TokenMemory } from "../../../../src/auth/tokens/VerifiedTokens.ts"
import { sign, signHs256 } from "../../../support/Tokens.ts"
import {
  claims,
  expectOf,
  forged,
  hs256,
  key,
  kinds,
  outcome,
  plugin,
  session,
  verifier
} from "../../../support/auth/TokenMemory.ts"

describe("a good signature", () => {
  it.effect.each(kinds)("of a %s is verified once a minute", ([, token]) => {
    const { layer } = verifier()
    return Effect.gen(function* () {
      yield* expectOf(token, "good", 1)
      for (let i = 0; i < 3; i++) yield* expectOf(token, "good", 0)
      yield* TestClock.setTime(59_999)
      yield* expectOf(token, "good", 0)
      yield* TestClock.setTime(60_000)
      yield* expectOf(token, "good", 1)
      yield* TestClock.setTime(119_999)
      yield* expectOf(token, "good", 0)
      yield* TestClock.setTime(120_000)
      yield* expectOf(token, "good", 1)
    }).pipe(Effect.provide(layer))
  })

  it.effect("says the same each time it is not verified", () => {
    const { layer } = verifier()
    return Effect.gen(function* () {
      const { verify } = yield* JwtVerifier
      for (const [kind, token] of kinds) {
        const first = yield* verify(Redacted.make(token))
        assert.strictEqual(yield* verify(Redacted.make(token)), first, kind)
        const fresh = yield* JwtVerifier.pipe(
          Effect.flatMap(({ verify }) => verify(Redacted.make(token))),
          Effect.provide(verifier().layer)
        )
        assert.deepStrictEqual(fresh, first, kind)
      }
    }).pipe(Effect.provide(layer))
  })

  it.effect("of a session token is one, URL-encoded or not", () => {
    const { layer } = verifier()
    return Effect.gen(function* () {
      const encoded = encodeURIComponent(session)
      assert.notStrictEqual(encoded, session)
      yield* expectOf(encoded, "good", 1)
      yield* expectOf(session, "good", 0)
    }).pipe(Effect.provide(layer))
  })

  it.effect("is remembered of as many tokens as there is room for", () => {
    const { layer } = verifier()
    const room = Layer.succeed(TokenMemory, { entries: 2, bytes: 1e6, milliseconds: 60_000 })
    return Effect.gen(function* () {
      yield* expectOf(plugin, "good", 1)
      yield* expectOf(hs256, "good", 1)
      yield* expectOf(plugin, "good", 0)
      yield* expectOf(session, "good", 1)
      yield* expectOf(hs256, "good", 0)
      yield* expectOf(plugin, "good", 1)
    }).pipe(Effect.provide(Layer.provide(layer, room)))
  })
})

describe("the lifetime of a remembered token", () => {
  it.effect.each([0, 15])("ends in the second it expires, %d tolerated", (clockTolerance) => {
    const { layer } = verifier({ clockTolerance })
    return Effect.gen(function* () {
      for (const token of [
        yield* Effect.promise(() => sign(key, claims({ exp: 40 }))),
        yield* Effect.promise(() => signHs256(claims({ exp: 40 })))
      ]) {
        yield* TestClock.setTime(0)
        assert.strictEqual(yield* outcome(token), "good")
        yield* TestClock.setTime(39_999)
        yield* expectOf(token, "good", 0)
        yield* TestClock.setTime((40 + clockTolerance) * 1000 - 1)
        assert.strictEqual(yield* outcome(token), "good")
        yield* TestClock.setTime((40 + clockTolerance) * 1000)
        yield* expectOf(token, "expired", 0)
        yield* TestClock.setTime(59_999)
        yield* expectOf(token, "expired", 0)
      }
    }).pipe(Effect.provide(layer))
  })

  it.effect.each([
    ["nbf", "not_yet_valid"],
    ["iat", "issued_in_future"]
  ])("begins anew with its %s when the clock is set back", ([claim, reason]) => {
    const { layer } = verifier({ clockTolerance: 5 })
    return Effect.gen(function* () {
      const of = { iat: 0, exp: 110, [claim!]: 100 }
      for (const token of [
        yield* Effect.promise(() => sign(key, claims(of))),
        yield* Effect.promise(() => signHs256(claims(of)))
      ]) {
        yield* TestClock.setTime(100_000)
        yield* expectOf(token, "good", 1)
        yield* TestClock.setTime(95_000)
        yield* expectOf(token, "good", 0)
        yield* TestClock.setTime(94_999)
        yield* expectOf(token, reason!, 0)
        yield* TestClock.setTime(100_000)
        yield* expectOf(token, "good", 0)
      }
    }).pipe(Effect.provide(layer))
  })
})

describe("a forged twin of a remembered token", () => {
  it.effect.each(kinds)("is refused: a %s with one bit changed", ([, token]) => {
    const { layer } = verifier()
    return Effect.gen(function* () {
      yield* expectOf(token, "good", 1)
      for (const byte of [0, 5, 31]) {
        yield* expectOf(forged(token, byte), "signature", 1)
        yield* expectOf(forged(token, byte), "signature", 1)
      }
      yield* expectOf(token, "good", 0)
    }).pipe(Effect.provide(layer))
  })

  it.effect("is refused: other claims under the same signature", () => {
    const { layer } = verifier()
    return Effect.gen(function* () {
      const grace = Buffer.from(JSON.stringify(claims({ sub: "grace" }))).toString("base64url")
      for (const token of [plugin, hs256]) {
        yield* expectOf(token, "good", 1)
        const [header, , signature] = token.split(".")
        yield* expectOf(`${header}.${grace}.${signature}`, "signature", 1)
      }
      yield* expectOf(session, "good", 1)
      yield* expectOf(session.replace("b1AI", "b1AJ"), "signature", 1)
    }).pipe(Effect.provide(layer))
  })

  it.effect("is refused: the same token under other letters", () => {
    const { layer } = verifier()
    return Effect.gen(function* () {
      for (const token of [plugin, hs256]) {
        yield* expectOf(token, "good", 1)
        const encoded = token.replaceAll(".", "%2E")
        yield* expectOf(encoded, "opaque_token", 0)
        yield* expectOf(
          `%${token.charCodeAt(0).toString(16)}${token.slice(1)}`,
          "malformed_token",
          0
        )
      }
    }).pipe(Effect.provide(layer))
  })
})
