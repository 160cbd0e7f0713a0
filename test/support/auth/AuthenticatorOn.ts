import { Effect, Layer } from "effect"
import type { IdentityQuery, Identities } from "../../../src/auth/Identities.ts"
import { Authenticator } from "../../../src/auth/Authenticator.ts"
import { BearerToken } from "../../../src/auth/tokens/BearerToken.ts"
import type { TokenPolicy } from "../../../src/auth/tokens/TokenParser.ts"
import type { KeySource } from "../../../src/auth/KeySource.ts"
import { Sessions } from "../../../src/auth/Sessions.ts"
import { Users } from "../../../src/auth/Users.ts"
import { identitiesMemory, keysOf } from "../Doubles.ts"
import { verifierOn } from "./Verifier.ts"

/** The whole way from header lines to a person, with doubles for what is outside. */
export const authenticatorOn = (
  outside: {
    readonly keys?: Layer.Layer<KeySource>
    readonly identities?: Layer.Layer<Identities>
    readonly asked?: Array<IdentityQuery>
  } = {},
  policy: Partial<TokenPolicy> = {}
): Layer.Layer<Authenticator> => {
  const { keys = keysOf(), identities = identitiesMemory(outside.asked) } = outside
  return Authenticator.layer.pipe(
    Layer.provide([
      BearerToken.layer,
      verifierOn(keys, policy),
      Users.layer.pipe(Layer.provide(identities)),
      Sessions.layer
    ])
  )
}

export const authenticate = (...lines: ReadonlyArray<string>) =>
  Effect.flatMap(Authenticator, (authenticator) => authenticator.authenticate(lines))
