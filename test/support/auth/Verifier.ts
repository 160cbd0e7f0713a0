import { Effect, Layer, Redacted } from "effect"
import { KeySource } from "../../../src/auth/KeySource.ts"
import { JwtVerifier } from "../../../src/auth/tokens/JwtVerifier.ts"
import { SigningKeys } from "../../../src/auth/SigningKeys.ts"
import type { TokenPolicy } from "../../../src/auth/tokens/TokenParser.ts"
import { publicKeyOf } from "../Doubles.ts"
import { secret, type SigningKey } from "../Tokens.ts"

/** The policy of a server that has the secret and nothing else set. */
export const policyOf = (overrides: Partial<TokenPolicy> = {}): TokenPolicy => ({
  issuers: [],
  audience: undefined,
  secret: Redacted.make(secret),
  sessionTokens: false,
  clockTolerance: 15,
  ...overrides
})

export const verifierOn = (
  keys: Layer.Layer<KeySource>,
  policy: Partial<TokenPolicy> = {}
): Layer.Layer<JwtVerifier> =>
  JwtVerifier.layer(policyOf(policy)).pipe(Layer.provide(SigningKeys.layer), Layer.provide(keys))

/** Keys that count how often they are loaded. */
export const countedKeys = (...keys: ReadonlyArray<SigningKey>) => {
  const counted = {
    loads: 0,
    layer: Layer.succeed(KeySource, {
      load: Effect.sync(() => {
        counted.loads += 1
        return keys.map(publicKeyOf)
      })
    })
  }
  return counted
}

export const verify = (
  token: string,
  keys: Layer.Layer<KeySource>,
  policy: Partial<TokenPolicy> = {}
) =>
  Effect.flatMap(JwtVerifier, (verifier) => verifier.verify(Redacted.make(token))).pipe(
    Effect.provide(verifierOn(keys, policy))
  )

/** Why a token is refused, or the tag of an outage. */
export const refusal = (...question: Parameters<typeof verify>) =>
  Effect.map(Effect.flip(verify(...question)), (error) =>
    error._tag === "InvalidToken" ? error.reason : error._tag
  )
