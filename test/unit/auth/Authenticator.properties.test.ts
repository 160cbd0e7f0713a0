import { assert, describe, it, layer } from "@effect/vitest"
import { Arbitrary, Effect, Fiber, Redacted, Schema } from "effect"
import { TestClock } from "effect/testing"
import type { IdentityQuery } from "../../../src/auth/Identities.ts"
import {
  makeKey,
  pluginClaims,
  sign,
  signHs256,
  signRaw,
  signSessionToken
} from "../../support/Tokens.ts"
import { authenticate, authenticatorOn } from "../../support/auth/AuthenticatorOn.ts"
import { countedKeys } from "../../support/auth/Verifier.ts"

const runs = { arbitrary: { runs: 500 } }

const key = await makeKey()
const claims = pluginClaims("ada", {}, 0)
const [plugin, hs256, session] = await Promise.all([
  sign(key, claims),
  signHs256(claims),
  signSessionToken("b1AIG5VNkFgKMJfntAlV1lh4RzlususY")
])
const genuine = [plugin, hs256, session]

const oneOf = <const A extends string>(...texts: ReadonlyArray<A>) =>
  Arbitrary.schema(Schema.Literals(texts))
const upTo = (maximum: number) =>
  Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum })))
const anyText = Arbitrary.schema(Schema.String)
const anyJson = Arbitrary.schema(Schema.Json)
const bytes = Arbitrary.map(Arbitrary.array(upTo(255)), (values) => Uint8Array.from(values))
const base64url = Arbitrary.map(bytes, (value) => Buffer.from(value).toString("base64url"))
const encode = (json: unknown) => Buffer.from(JSON.stringify(json)).toString("base64url")

/** JSON, and what surprises those who take it for a text. */
const surprise = Arbitrary.map(
  Arbitrary.all([anyJson, oneOf("itself", "list", "toString", "toJSON", "length")]),
  ([json, how]) => (how === "itself" ? json : how === "list" ? [json] : { [how]: json })
)

const asked: Array<IdentityQuery> = []
const keys = countedKeys(key)
const shared = authenticatorOn({ asked, keys: keys.layer }, { sessionTokens: true })

/** Credentials are refused, nobody is asked about them, and the keys are loaded once for all. */
const refused = (...lines: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(authenticate(...lines))
    assert.strictEqual(error._tag, "InvalidToken")
    assert.lengthOf(asked, 0)
    assert.isAtMost(keys.loads, 1)
  })

/** The same with keys of its own: a changed key id is an unknown one, which nobody who shares a clock should wait for. */
const afresh = (...lines: ReadonlyArray<string>) => {
  const keys = countedKeys(key)
  return refused(...lines).pipe(
    Effect.andThen(Effect.sync(() => assert.isAtMost(keys.loads, 1))),
    Effect.provide(authenticatorOn({ asked, keys: keys.layer }, { sessionTokens: true }))
  )
}

layer(shared)("whatever comes as header lines", (it) => {
  it.effect.prop("is refused", [Arbitrary.array(anyText)], ([lines]) => refused(...lines), runs)

  it.effect.prop(
    "is refused when it looks like credentials",
    [
      Arbitrary.array(
        oneOf("Bearer ", "bearer", "Basic ", " ", "\t", ",", "=", ".", "%", "a", "\0", "é", "\n"),
        { maxLength: 12 }
      ),
      oneOf(...genuine),
      Arbitrary.array(oneOf(",", ", ", "\t", "\n", " ", ";", "\0", ".x", "==="), {
        minLength: 1,
        maxLength: 3
      })
    ],
    ([before, token, after]) => refused(`${before.join("")}${token}${after.join("")}`),
    runs
  )

  it.effect.prop(
    "is refused when there are two, be one of them good",
    [oneOf(...genuine), anyText, upTo(1)],
    ([token, other, first]) => {
      const lines = [`Bearer ${token}`, other]
      return refused(...(first === 1 ? lines : lines.toReversed()))
    },
    runs
  )
})

layer(shared)("whatever comes as a token", (it) => {
  it.effect.prop(
    "is refused when it is text",
    [anyText],
    ([text]) => refused(`Bearer ${text}`),
    runs
  )

  it.effect.prop(
    "is refused when it is characters of a token",
    [Arbitrary.array(oneOf("a", "Z", "0", "-", "_", ".", "~", "+", "/", "%", "%00", "=", "eyJ"))],
    ([characters]) => refused(`Bearer ${characters.join("")}`),
    runs
  )

  it.effect.prop(
    "is refused when it is base64url of random bytes, in any number of parts",
    [Arbitrary.array(base64url, { maxLength: 6 })],
    ([parts]) => refused(`Bearer ${parts.join(".")}`),
    runs
  )

  it.effect.prop(
    "is refused when it is JSON of any kind, in three parts, with a random signature",
    [anyJson, anyJson, base64url],
    ([header, payload, signature]) =>
      refused(`Bearer ${encode(header)}.${encode(payload)}.${signature}`),
    runs
  )

  it.effect.prop(
    "is refused when it is put together from the parts of genuine ones",
    [Arbitrary.array(oneOf(...genuine.flatMap((token) => token.split("."))), { maxLength: 5 })],
    ([parts]) => {
      const token = parts.join(".")
      return genuine.includes(token) ? Effect.void : refused(`Bearer ${token}`)
    },
    runs
  )
})

describe("a genuine token", () => {
  it.effect.prop(
    "is refused when a member of its header is another, and its signature too",
    [
      oneOf("EdDSA", "Ed25519", "HS256", "ES256", "RS256", "none"),
      oneOf(key.kid, ""),
      oneOf("typ", "alg", "kid", "crit", "jwk", "x5c", "nonce", "__proto__", "constructor"),
      surprise,
      base64url
    ],
    ([alg, kid, name, value, signature]) => {
      const header = Object.fromEntries([...Object.entries({ alg, kid }), [name, value]])
      return afresh(`Bearer ${encode(header)}.${encode(claims)}.${signature}`)
    },
    runs
  )

  it.effect.prop(
    "is refused when a character is changed, lost or added",
    [oneOf(...genuine), upTo(10_000), oneOf(..."AQgwz09-_.~+/%="), oneOf("change", "lose", "add")],
    ([token, somewhere, character, how]) => {
      const at = somewhere % token.length
      const rest = token.slice(how === "add" ? at : at + 1)
      const mutated = `${token.slice(0, at)}${how === "lose" ? "" : character}${rest}`
      return sameBytes(mutated, token) ? Effect.void : afresh(`Bearer ${mutated}`)
    },
    runs
  )
})

describe("whatever is signed with the secret", () => {
  it.effect.prop(
    "causes no defect, and at most one lookup of an address",
    [
      Arbitrary.array(
        oneOf("iat", "nbf", "iss", "aud", "sub", "sid", "email", "session", "user", "__proto__"),
        { maxLength: 4 }
      ),
      anyJson,
      surprise
    ],
    ([names, header, value]) => {
      const asked: Array<IdentityQuery> = []
      return Effect.gen(function* () {
        const payload = Object.fromEntries([
          ...Object.entries({ email: "ada@example.com", exp: 900 }),
          ...names.map((name) => [name, value] as const)
        ])
        const token = yield* Effect.promise(() =>
          signRaw({ "x-extra": header, alg: "HS256" }, JSON.stringify(payload))
        )
        const exit = yield* Effect.exit(authenticate(`Bearer ${token}`))
        if (exit._tag === "Failure") {
          assert.isTrue(exit.cause.reasons.every(({ _tag }) => _tag === "Fail"))
        }
        assert.isAtMost(asked.length, 1)
        for (const { email, sessionId } of asked) {
          assert.match(email === undefined ? "" : Redacted.value(email), /^[^\s\0]+@?[^\s\0]+$/)
          assert.match(sessionId ?? "none", /^[\x21-\x7e]+$/)
        }
      }).pipe(Effect.provide(authenticatorOn({ asked })))
    },
    runs
  )
})

describe("a flood of tokens with unknown keys", () => {
  it.effect.prop(
    "is refused and has the keys loaded once a second at most",
    [Arbitrary.array(upTo(1500), { minLength: 1, maxLength: 12 })],
    ([pauses]) => {
      const asked: Array<IdentityQuery> = []
      const keys = countedKeys(key)
      return Effect.gen(function* () {
        const flood: Array<Fiber.Fiber<string>> = []
        for (const [i, pause] of pauses.entries()) {
          const token = `${encode({ alg: "EdDSA", kid: `unknown-${i}` })}.${encode(claims)}.AAAA`
          flood.push(
            yield* Effect.flip(authenticate(`Bearer ${token}`)).pipe(
              Effect.map(({ _tag }) => _tag),
              Effect.orDie,
              Effect.forkChild
            )
          )
          yield* TestClock.adjust(pause)
        }
        yield* TestClock.adjust(1000)
        for (const fiber of flood) assert.strictEqual(yield* Fiber.join(fiber), "InvalidToken")
        const seconds = pauses.reduce((sum, pause) => sum + pause, 1000) / 1000
        assert.isAtMost(keys.loads, Math.floor(seconds) + 1)
        assert.lengthOf(asked, 0)
      }).pipe(Effect.provide(authenticatorOn({ asked, keys: keys.layer })))
    },
    runs
  )
})

/** A session token's base64 has bits that decoding drops: such texts are one token. */
const sameBytes = (one: string, other: string) =>
  one === other ||
  (one.split(".").length === 2 &&
    one.length === other.length &&
    one.split(".")[0] === other.split(".")[0] &&
    Buffer.from(one.split(".")[1]!, "base64").equals(Buffer.from(other.split(".")[1]!, "base64")))
