import { Context, Effect, Layer, Redacted } from "effect"
import type { DbUnavailable } from "../core/Errors.ts"
import { span } from "../core/Span.ts"
import { budgeted } from "../core/TimeBudget.ts"
import { Timeouts } from "../core/Timeouts.ts"
import { BearerToken } from "./tokens/BearerToken.ts"
import type { CurrentUser } from "./CurrentUser.ts"
import type { InvalidToken, KeysUnavailable, NoActiveSession, UserNotFound } from "./Errors.ts"
import { JwtVerifier } from "./tokens/JwtVerifier.ts"
import { Sessions } from "./Sessions.ts"
import { waitForUnknown } from "./SigningKeys.ts"
import type { Claims } from "./tokens/Claims.ts"
import { Users } from "./Users.ts"

export type AuthenticationError =
  InvalidToken | UserNotFound | NoActiveSession | DbUnavailable | KeysUnavailable

/** The whole way from the `Authorization` header to the person, in the order a request meets it. */
export class Authenticator extends Context.Service<
  Authenticator,
  {
    readonly authenticate: (
      authorization: ReadonlyArray<string>
    ) => Effect.Effect<CurrentUser["Service"], AuthenticationError>
  }
>()("effect-chatkit/auth/Authenticator") {
  static readonly layer = Layer.effect(
    Authenticator,
    Effect.gen(function* () {
      const bearerToken = yield* BearerToken
      const jwtVerifier = yield* JwtVerifier
      const users = yield* Users
      const sessions = yield* Sessions
      const { statement } = yield* Timeouts
      // Both end by themselves: a timer for each request would cost more than the lookup.
      const verifying = budgeted("Authenticator.authenticate", waitForUnknown)
      const finding = budgeted("Authenticator.authenticate", 2 * statement)
      return {
        authenticate: Effect.fnUntraced(function* (authorization) {
          const token = yield* bearerToken.extract(authorization)
          const claims = yield* verifying(jwtVerifier.verify(token))
          const identity = yield* finding(users.find(claims))
          const sessionId = yield* sessions.resolve(identity)
          return {
            userId: identity.userId,
            sessionId,
            ...(namesSession(claims) ? { namedSession: sessionId } : {}),
            email: Redacted.make(identity.email),
            name: identity.name,
            verification: claims.verification
          }
        }, span("Authenticator.authenticate"))
      }
    })
  )
}

const namesSession = ({ sessionId, sessionToken }: Claims): boolean =>
  sessionId !== undefined || sessionToken !== undefined
