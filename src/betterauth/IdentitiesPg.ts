import { Effect, Layer } from "effect"
import { Identities } from "../auth/Identities.ts"
import { authenticationSql } from "../postgres/AuthenticationClient.ts"
import { identitiesOf, identityParameter, identityStatement } from "./IdentityStatement.ts"
import { lookup } from "./Lookups.ts"

/** `Identities` from Better Auth's own tables. */
export const IdentitiesPg = Layer.effect(
  Identities,
  Effect.gen(function* () {
    const find = yield* lookup(yield* authenticationSql, {
      operation: "Identities.find",
      text: identityStatement,
      parameter: identityParameter,
      answers: identitiesOf
    })
    return { find }
  })
)
