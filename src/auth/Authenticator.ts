import { Clock, Context, Effect, Layer, Redacted } from "effect"
import { DbUnavailable } from "../core/Errors.ts"
import {
  type InvalidToken,
  type KeysUnavailable,
  type NoActiveSession,
  type UserNotFound
} from "./Errors.ts"
import { Timeouts } from "../core/Timeouts.ts"
import { span } from "../core/Span.ts"
import { BearerToken } from "./BearerToken.ts"
import type { CurrentUser } from "./CurrentUser.ts"
import { JwtVerifier } from "./JwtVerifier.ts"
import { Sessions } from "./Sessions.ts"
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
      const { request, statement } = yield* Timeouts
      const orUnavailable = (left: number) =>
        Effect.timeoutOrElse({
          duration: left,
          orElse: () => new DbUnavailable({ operation: "Authenticator.authenticate" })
        })
      return {
        authenticate: Effect.fnUntraced(function* (authorization) {
          const began = yield* Clock.currentTimeMillis
          const token = yield* bearerToken.extract(authorization)
          const claims = yield* jwtVerifier.verify(token)
          const left = request - ((yield* Clock.currentTimeMillis) - began)
          // A timer for each request would cost more than the lookup, which has its own limit.
          const found = users.find(claims)
          const account = yield* left >= 2 * statement ? found : orUnavailable(left)(found)
          const sessionId = yield* sessions.resolve(account)
          return {
            userId: account.userId,
            sessionId,
            email: Redacted.make(account.email),
            name: account.name,
            verification: claims.verification
          }
        }, span("Authenticator.authenticate"))
      }
    })
  )
}
