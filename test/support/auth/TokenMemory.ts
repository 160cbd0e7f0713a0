import { assert } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { JwtVerifier } from "../../../src/auth/tokens/JwtVerifier.ts"
import { publicKeyOf } from "../Doubles.ts"
import { makeKey, pluginClaims, sign, signHs256, signSessionToken } from "../Tokens.ts"
import { verifications } from "./Cryptography.ts"
import { changingSource } from "./KeySources.ts"
import { policyOf } from "./Verifier.ts"

// The test clock starts at 0.
export const claims = (overrides: Record<string, unknown> = {}) => pluginClaims("ada", overrides, 0)

export const [key, replacement, other] = await Promise.all([
  makeKey("EdDSA", "key"),
  makeKey("EdDSA", "key"),
  makeKey("EdDSA", "other")
])
export const [plugin, hs256, session] = await Promise.all([
  sign(key, claims()),
  signHs256(claims()),
  signSessionToken("b1AIG5VNkFgKMJfntAlV1lh4RzlususY")
])
export const kinds = [
  ["plugin token", plugin],
  ["HS256 token", hs256],
  ["signed session token", session]
] as const

export const [known, replaced, another] = [key, replacement, other].map(publicKeyOf)

/** One verifier for a whole test, on keys that change while it runs. */
export const verifier = (policy: Parameters<typeof policyOf>[0] = {}) => {
  const source = changingSource()
  source.has(known!)
  const all = policyOf({ sessionTokens: true, ...policy })
  return { source, layer: JwtVerifier.layer(all).pipe(Layer.provide(source.layer)) }
}

/** The outcome for a token: `good`, why it is refused, or the tag of an outage. */
export const outcome = (token: string) =>
  Effect.flatMap(JwtVerifier, (verifier) => verifier.verify(Redacted.make(token))).pipe(
    Effect.match({
      onSuccess: () => "good",
      onFailure: (error) => (error._tag === "InvalidToken" ? error.reason : error._tag)
    })
  )

/** The token has this outcome, and so many signatures are verified to find out. */
export const expectOf = Effect.fnUntraced(function* (
  token: string,
  expected: string,
  verified: number
) {
  let found = ""
  const count = yield* verifications(
    Effect.map(outcome(token), (outcome) => {
      found = outcome
    })
  )
  assert.deepStrictEqual({ found, verified: count }, { found: expected, verified })
})

/** The token with one bit of its signature changed. */
export const forged = (token: string, byte = 5) => {
  const encoding = token === session ? "base64" : "base64url"
  const at = token.lastIndexOf(".") + 1
  const signature = Buffer.from(token.slice(at), encoding)
  signature[byte]! ^= 1
  return token.slice(0, at) + signature.toString(encoding)
}
