import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { KeysDown } from "../../../support/Doubles.ts"
import { secret, signHs256, signSessionToken } from "../../../support/Tokens.ts"
import { refusal, verify } from "../../../support/auth/Verifier.ts"

const raw = "b1AIG5VNkFgKMJfntAlV1lh4RzlususY"
const allowed = { sessionTokens: true }
const signed = Effect.promise(() => signSessionToken(raw))

const tokenOf = (...question: Parameters<typeof verify>) =>
  Effect.map(
    verify(...question),
    ({ sessionToken }) => sessionToken && Redacted.value(sessionToken)
  )

describe("a signed session token", () => {
  it.effect("names its session and nothing else, without any keys", () =>
    Effect.gen(function* () {
      const claims = yield* verify(yield* signed, KeysDown, allowed)
      assert.strictEqual(claims.sessionToken && Redacted.value(claims.sessionToken), raw)
      assert.isUndefined(claims.email)
      assert.isUndefined(claims.subject)
      assert.isUndefined(claims.sessionId)
      assert.deepStrictEqual(claims.verification, { kind: "session_token", alg: "HS256" })
    })
  )

  it.effect("is accepted URL-encoded, as Better Auth up to 1.4 gave it out", () =>
    Effect.gen(function* () {
      // So many that `+`, `/` and `=` all occur in the signatures.
      for (let i = 0; i < 30; i++) {
        const token = `${raw}${i}`
        const plain = yield* Effect.promise(() => signSessionToken(token))
        assert.strictEqual(yield* tokenOf(plain, KeysDown, allowed), token)
        assert.strictEqual(yield* tokenOf(encodeURIComponent(plain), KeysDown, allowed), token)
      }
    })
  )

  it.effect("A9: has one spelling beside its URL-encoded one", () =>
    Effect.gen(function* () {
      const token = yield* signed
      const letter = token.at(-2) ?? ""
      const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
      const next = letters[letters.indexOf(letter) + 1] ?? ""
      const unusedBits = `${token.slice(0, -2)}${next}=`
      const encoded = encodeURIComponent(token)
      for (const other of [
        unusedBits,
        token.replace(raw[0]!, `%${raw.charCodeAt(0).toString(16)}`),
        encoded.replace("%3D", "%3d"),
        encoded.replace(raw[0]!, `%${raw.charCodeAt(0).toString(16)}`)
      ]) {
        assert.strictEqual(yield* refusal(other, KeysDown, allowed), "malformed_token", other)
      }
    })
  )

  it.effect("refuses the sample of the real package, which another secret signed", () =>
    Effect.gen(function* () {
      const sample = `${raw}.iMqc690R8nwt/2KDAYf1mx9mIvPBfNaIiCo0AxNHlfc=`
      assert.strictEqual(yield* refusal(sample, KeysDown, allowed), "signature")
    })
  )

  it.effect("is off by default", () =>
    Effect.gen(function* () {
      const token = yield* signed
      assert.strictEqual(yield* refusal(token, KeysDown), "session_token")
      assert.strictEqual(yield* refusal(encodeURIComponent(token), KeysDown), "session_token")
    })
  )

  it.effect("needs the secret", () =>
    Effect.gen(function* () {
      const policy = { ...allowed, secret: undefined }
      for (const token of [yield* signed, "a.b"]) {
        assert.strictEqual(yield* refusal(token, KeysDown, policy), "secret_missing")
      }
    })
  )

  it.effect("is refused with another secret, another token, or a bit flipped", () =>
    Effect.gen(function* () {
      const token = yield* signed
      const [, signature] = token.split(".")
      const forged = [
        yield* Effect.promise(() => signSessionToken(raw, `${secret}.`)),
        `${raw}.${"A".repeat(43)}=`,
        `${raw.toLowerCase()}.${signature}`,
        `${raw}x.${signature}`,
        ...Array.from({ length: 42 }, (_, i) => {
          const at = raw.length + 1 + i
          return `${token.slice(0, at)}${token[at] === "A" ? "B" : "A"}${token.slice(at + 1)}`
        })
      ]
      for (const token of forged) {
        assert.strictEqual(yield* refusal(token, KeysDown, allowed), "signature", token)
      }
    })
  )

  it.effect("never comes without its signature", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* refusal(raw, KeysDown, allowed), "opaque_token")
      assert.strictEqual(yield* refusal(raw, KeysDown), "opaque_token")
      assert.strictEqual(yield* refusal(`${raw}.`, KeysDown, allowed), "malformed_token")
    })
  )

  it.effect("is refused in any other form", () =>
    Effect.gen(function* () {
      const token = yield* signed
      const [, signature = ""] = token.split(".")
      for (const other of [
        token.slice(0, -1),
        token.slice(0, -2),
        `${token}=`,
        `.${signature}`,
        `${raw}.${signature.slice(1)}`,
        `${raw}.${Buffer.from(signature, "base64").toString("hex")}`,
        `${raw}.${Buffer.from(signature, "base64").toString("base64url")}`,
        `short.${signature}`,
        `${"x".repeat(129)}.${signature}`,
        encodeURIComponent(encodeURIComponent(token)),
        `${raw}%00.${signature}`,
        `${raw}%.${signature}`,
        `${raw}%E0%A4%A.${signature}`,
        `${raw}%ff.${signature}`,
        "%.%"
      ]) {
        assert.strictEqual(yield* refusal(other, KeysDown, allowed), "malformed_token", other)
      }
    })
  )

  it.effect("takes nothing away from tokens of other kinds when it is allowed", () =>
    Effect.gen(function* () {
      const claims = { sub: "ada", email: "ada@example.com", exp: 900 }
      const token = yield* Effect.promise(() => signHs256(claims))
      assert.strictEqual((yield* verify(token, KeysDown, allowed)).verification.kind, "hs256_jwt")
      const unsigned = token.split(".").slice(0, 2).join(".")
      assert.strictEqual(yield* refusal(unsigned, KeysDown, allowed), "malformed_token")
    })
  )
})
