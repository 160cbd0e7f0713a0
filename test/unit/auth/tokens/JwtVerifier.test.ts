import { generateKeyPairSync, sign as signWith } from "node:crypto"
import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { TestClock } from "effect/testing"
import * as jose from "jose"
import { KeysDown, keysOf } from "../../../support/Doubles.ts"
import {
  type Algorithm,
  makeKey,
  origin,
  pluginClaims,
  secret,
  sign,
  signHs256,
  signRaw
} from "../../../support/Tokens.ts"
import { countedKeys, refusal, verify } from "../../../support/auth/Verifier.ts"

// The test clock starts at 0.
const claims = (overrides: Record<string, unknown> = {}) => pluginClaims("ada", overrides, 0)
const payload = JSON.stringify(claims())
const noKeys = keysOf()

/** The token with another header, its signature left as it is. */
const reheaded = (token: string, header: unknown) =>
  [Buffer.from(JSON.stringify(header)).toString("base64url"), ...token.split(".").slice(1)].join(
    "."
  )

describe("JwtVerifier", () => {
  it.effect.each<Algorithm>(["EdDSA", "ES256", "ES512", "RS256", "PS256"])(
    "verifies a plugin token signed with %s",
    (alg) =>
      Effect.gen(function* () {
        const key = yield* Effect.promise(() => makeKey(alg))
        const token = yield* Effect.promise(() => sign(key, claims()))
        const { email, subject, verification } = yield* verify(token, keysOf(key))
        assert.strictEqual(email && Redacted.value(email), "ada@example.com")
        assert.strictEqual(subject, "ada")
        assert.deepStrictEqual(verification, { kind: "jwt", alg, kid: key.kid, issuer: origin })

        const other = yield* Effect.promise(() => makeKey(alg, key.kid))
        assert.strictEqual(yield* refusal(token, keysOf(other)), "signature")
        const forged = Buffer.from(JSON.stringify(claims({ sub: "grace" }))).toString("base64url")
        const [header, , signature] = token.split(".")
        assert.strictEqual(
          yield* refusal(`${header}.${forged}.${signature}`, keysOf(key)),
          "signature"
        )
      })
  )

  it.effect("knows EdDSA by its newer name Ed25519", () =>
    Effect.gen(function* () {
      const key = yield* Effect.promise(() => makeKey())
      const token = yield* Effect.promise(() => sign(key, claims(), { alg: "Ed25519" }))
      const { verification } = yield* verify(token, keysOf(key))
      assert.strictEqual(verification.alg, "Ed25519")
    })
  )

  it.effect("verifies a real sample of Better Auth's, as it was sent", () =>
    Effect.gen(function* () {
      const token =
        "eyJhbGciOiJFZERTQSIsImtpZCI6IllnS3FPTWxCaE9SMTRWeFlDYVJzTzZSN3ZLNXdzSHZSIn0.eyJpYXQiOjE3OTUzMzA4MzksIm5hbWUiOiJBbGljZSIsImVtYWlsIjoiYWxpY2UuZXhhbXBsZUBleGFtcGxlLmNvbSIsImVtYWlsVmVyaWZpZWQiOmZhbHNlLCJpbWFnZSI6bnVsbCwiY3JlYXRlZEF0IjoiMjAyNi0xMS0yMlQwNzowMDozOS42OTJaIiwidXBkYXRlZEF0IjoiMjAyNi0xMS0yMlQwNzowMDozOS42OTJaIiwiaWQiOiI1R2ZXNU1INlJJZUFaNjZaS2U2N1hnZ1RsVHNjUHMwRyIsInN1YiI6IjVHZlc1TUg2UkllQVo2NlpLZTY3WGdnVGxUc2NQczBHIiwiZXhwIjoxNzk1MzMxNzM5LCJpc3MiOiJodHRwOi8vMTI3LjAuMC4xOjM5MzkiLCJhdWQiOiJodHRwOi8vMTI3LjAuMC4xOjM5MzkifQ.el19mAEhjy1cYHYEXvRtTR5KLQ5E0MP1v2SsJyzDalQj-mOAeAxG2q3LwG34kRWGTOGkDwPQise9wzDf7fFZAQ"
      const kid = "YgKqOMlBhOR14VxYCaRsO6R7vK5wsHvR"
      const x = "SZ_eLJaMlkYPvgpu9IIqnqPBynqDFiO5-qhN14Vr7sg"
      const { privateKey } = yield* Effect.promise(() => makeKey())
      const publicJwk = { kty: "OKP", crv: "Ed25519", x }
      const keys = keysOf({ kid, alg: "EdDSA", publicJwk, privateKey })
      yield* TestClock.setTime(1_795_330_900_000)
      const { email, subject } = yield* verify(token, keys)
      assert.strictEqual(email && Redacted.value(email), "alice.example@example.com")
      assert.strictEqual(subject, "5GfW5MH6RIeAZ66ZKe67XggTlTscPs0G")
      assert.strictEqual(yield* refusal(`${token.slice(0, -2)}Ag`, keys), "signature")
    })
  )

  it.effect("verifies an application's HS256 token with the secret, keys or no keys", () =>
    Effect.gen(function* () {
      const token = yield* Effect.promise(() => signHs256(claims(), { typ: "JWT" }))
      assert.strictEqual((yield* verify(token, KeysDown)).verification.kind, "hs256_jwt")
      assert.strictEqual(
        yield* refusal(token, noKeys, { secret: Redacted.make(`${secret}.`) }),
        "signature"
      )
      assert.strictEqual(yield* refusal(token, noKeys, { secret: undefined }), "secret_missing")
    })
  )

  it.effect("never takes a public key for a secret", () =>
    Effect.gen(function* () {
      for (const alg of ["EdDSA", "RS256"] as const) {
        const key = yield* Effect.promise(() => makeKey(alg))
        const { publicJwk } = key
        const pem = yield* Effect.promise(async () =>
          jose.exportSPKI((await jose.importJWK(publicJwk, alg)) as jose.CryptoKey)
        )
        const known = [
          JSON.stringify(publicJwk),
          JSON.stringify({ ...publicJwk, kid: key.kid, alg }),
          JSON.stringify({ keys: [publicJwk] }),
          pem,
          pem.trim(),
          `\u200b${pem}`,
          publicJwk.x ?? publicJwk.n ?? "",
          key.kid
        ]
        const keys = countedKeys(key)
        for (const secretOfAll of known) {
          const header = { alg: "HS256", kid: key.kid }
          const token = yield* Effect.promise(() => signRaw(header, payload, secretOfAll))
          assert.strictEqual(yield* refusal(token, keys.layer), "signature")
          const without = { secret: undefined }
          assert.strictEqual(yield* refusal(token, keys.layer, without), "secret_missing")
          // The same bytes, sold as a signature by that key.
          const sold = yield* Effect.promise(() =>
            signRaw({ alg, kid: key.kid }, payload, secretOfAll)
          )
          assert.strictEqual(yield* refusal(sold, keysOf(key)), "signature")
        }
        assert.strictEqual(keys.loads, 0)
      }
    })
  )

  it.effect("never lets the header choose what a key verifies", () =>
    Effect.gen(function* () {
      const all = yield* Effect.promise(() =>
        Promise.all((["EdDSA", "ES256", "ES512", "RS256"] as const).map((alg) => makeKey(alg)))
      )
      for (const key of all) {
        const token = yield* Effect.promise(() => sign(key, claims()))
        for (const alg of ["EdDSA", "ES256", "ES512", "RS256", "PS256"]) {
          if (alg === key.alg) continue
          const lying = reheaded(token, { alg, kid: key.kid })
          assert.strictEqual(yield* refusal(lying, keysOf(key)), "algorithm_not_of_key")
        }
        for (const other of all) {
          if (other === key) continue
          const moved = reheaded(token, { alg: other.alg, kid: other.kid })
          assert.strictEqual(yield* refusal(moved, keysOf(...all)), "signature")
        }
      }
    })
  )

  it.effect("refuses a key too weak for its algorithm instead of failing on it", () =>
    Effect.gen(function* () {
      const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 1024 })
      const input = reheaded(`.${Buffer.from(payload).toString("base64url")}`, {
        alg: "RS256",
        kid: "weak"
      })
      const signature = signWith("sha256", Buffer.from(input), privateKey).toString("base64url")
      const keys = keysOf({
        ...(yield* Effect.promise(() => makeKey("RS256", "weak"))),
        publicJwk: publicKey.export({ format: "jwk" })
      })
      assert.strictEqual(yield* refusal(`${input}.${signature}`, keys), "signature")
    })
  )

  const foreign = "none None NONE nOnE hs256 eddsa dir A256KW ECDH-ES RS384 RS512 PS384 PS512"
  it.effect.each([
    ...`${foreign} ES384 ES256K Ed448 constructor __proto__`.split(" "),
    "",
    "HS256 ",
    "HS256\0"
  ])("refuses the algorithm %j without a look at the keys", (alg) =>
    Effect.gen(function* () {
      const keys = countedKeys(yield* Effect.promise(() => makeKey()))
      const token = yield* Effect.promise(() => signRaw({ alg, kid: "key-EdDSA" }, payload))
      assert.strictEqual(yield* refusal(token, keys.layer), "algorithm_not_allowed")
      const unsigned = token.replace(/[^.]*$/, "")
      assert.strictEqual(yield* refusal(unsigned, keys.layer), "malformed_token")
      assert.strictEqual(keys.loads, 0)
    })
  )

  it.effect.each(["HS384", "HS512"])("refuses %s with the right secret", (alg) =>
    Effect.gen(function* () {
      const long = secret.repeat(3)
      const token = yield* Effect.promise(() =>
        new jose.SignJWT(claims()).setProtectedHeader({ alg }).sign(new TextEncoder().encode(long))
      )
      const policy = { secret: Redacted.make(long) }
      assert.strictEqual(yield* refusal(token, noKeys, policy), "algorithm_not_allowed")
    })
  )

  it.effect("refuses headers that change what is signed, though the signature be good", () =>
    Effect.gen(function* () {
      for (const header of [
        { crit: ["exp"], exp: 1 },
        { crit: ["b64"], b64: true },
        { crit: [] },
        { b64: false },
        { zip: "DEF" },
        { cty: "JWT" },
        { typ: "at+jwt" },
        { typ: "better-auth.session-cache+jwt" }
      ]) {
        const token = yield* Effect.promise(() => signRaw({ alg: "HS256", ...header }, payload))
        assert.strictEqual(yield* refusal(token, noKeys), "header_not_allowed")
      }
    })
  )

  it.effect(
    "A4: accepts each of several issuers, with the slash that both have, and no other",
    () =>
      Effect.gen(function* () {
        const key = yield* Effect.promise(() => makeKey())
        const issuers = ["https://a.example/", "https://b.example"]
        const tokenOf = (iss: string) =>
          Effect.promise(() => sign(key, pluginClaims("ada", { iss, aud: iss }, 0)))
        for (const iss of issuers) {
          const claims = yield* verify(yield* tokenOf(iss), countedKeys(key).layer, { issuers })
          assert.strictEqual(claims.subject, "ada")
        }
        for (const iss of ["https://a.example", "https://b.example/", "https://c.example"]) {
          const refused = yield* refusal(yield* tokenOf(iss), countedKeys(key).layer, { issuers })
          assert.strictEqual(refused, "issuer", iss)
        }
      })
  )

  it.effect.each(["jwks:3f0a", "arn:aws:kms:eu-1:1:key", "../jwks", "k".repeat(256)])(
    "A6: looks the key id %s up",
    (kid) =>
      Effect.gen(function* () {
        const key = yield* Effect.promise(() => makeKey("EdDSA", kid))
        const token = yield* Effect.promise(() => sign(key, pluginClaims("ada", {}, 0)))
        const { verification } = yield* verify(token, countedKeys(key).layer)
        assert.deepInclude(verification, { kid })
        assert.strictEqual(yield* refusal(token, countedKeys().layer), "keys_empty")
      })
  )

  it.effect.each([["", "a b", "a\u0000b", "x' or 'x", "é", "a\n", "k".repeat(257)], [undefined]])(
    "refuses the key ids %j without a look at the keys",
    (kids) =>
      Effect.gen(function* () {
        const key = yield* Effect.promise(() => makeKey())
        for (const kid of kids) {
          const keys = countedKeys({ ...key, kid: kid ?? "undefined" })
          const token = yield* Effect.promise(() => sign(key, claims(), { kid }))
          assert.strictEqual(yield* refusal(token, keys.layer), "key_id_missing")
          assert.strictEqual(keys.loads, 0)
        }
      })
  )

  it.effect.each(["1", "a-b_C", "550e8400-e29b-41d4-a716-446655440000", "k".repeat(128)])(
    "takes the key id %s",
    (kid) =>
      Effect.gen(function* () {
        const key = yield* Effect.promise(() => makeKey("EdDSA", kid))
        const token = yield* Effect.promise(() => sign(key, claims()))
        assert.strictEqual((yield* verify(token, keysOf(key))).verification.kid, kid)
        assert.strictEqual(yield* refusal(token, noKeys), "keys_empty")
        const other = yield* Effect.promise(() => makeKey("EdDSA", "other"))
        assert.strictEqual(yield* refusal(token, keysOf(other)), "key_unknown")
      })
  )

  it.effect("says that keys are out of reach, not that the token is bad", () =>
    Effect.gen(function* () {
      const token = yield* Effect.promise(async () => sign(await makeKey(), claims()))
      assert.strictEqual(yield* refusal(token, KeysDown), "KeysUnavailable")
    })
  )

  it.effect("keeps what a refused token says out of the error", () =>
    Effect.gen(function* () {
      for (const wrong of [{ exp: -100 }, { exp: null }, { nbf: 1000 }, { iat: 1000 }]) {
        const token = yield* Effect.promise(() => signHs256(claims(wrong)))
        const error = yield* Effect.flip(verify(token, noKeys))
        const printed = inspect(error, { depth: 20, showHidden: true }) + JSON.stringify(error)
        assert.notInclude(printed, "ada")
        assert.notInclude(printed, token.slice(0, 20))
      }
    })
  )
})
