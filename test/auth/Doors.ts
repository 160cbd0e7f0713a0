import { Effect, Layer } from "effect"
import type { AccountQuery, Accounts } from "../../src/auth/Accounts.ts"
import { Authenticator } from "../../src/auth/Authenticator.ts"
import { BearerToken } from "../../src/auth/BearerToken.ts"
import type { TokenPolicy } from "../../src/auth/JwtVerifier.ts"
import type { KeySource } from "../../src/auth/KeySource.ts"
import { Sessions } from "../../src/auth/Sessions.ts"
import { Users } from "../../src/auth/Users.ts"
import { accountsMemory, keysOf } from "../Doubles.ts"
import { verifierOn } from "./Verifying.ts"

/** The whole way from header lines to a person, with doubles for what is outside. */
export const door = (
  outside: {
    readonly keys?: Layer.Layer<KeySource>
    readonly accounts?: Layer.Layer<Accounts>
    readonly asked?: Array<AccountQuery>
  } = {},
  policy: Partial<TokenPolicy> = {}
): Layer.Layer<Authenticator> => {
  const { keys = keysOf(), accounts = accountsMemory(outside.asked) } = outside
  return Authenticator.layer.pipe(
    Layer.provide([
      BearerToken.layer,
      verifierOn(keys, policy),
      Users.layer.pipe(Layer.provide(accounts)),
      Sessions.layer
    ])
  )
}

export const authenticate = (...lines: ReadonlyArray<string>) =>
  Effect.flatMap(Authenticator, (authenticator) => authenticator.authenticate(lines))
