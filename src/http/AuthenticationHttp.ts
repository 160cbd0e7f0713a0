import { Clock, Effect, Layer } from "effect"
import { HttpServerRequest } from "effect/http"
import { NodeHttpServerRequest } from "@effect/platform-node"
import { Authentication } from "../api/Authentication.ts"
import { Authenticator } from "../auth/Authenticator.ts"
import { CurrentUser } from "../auth/CurrentUser.ts"
import { AttemptLog } from "./AttemptLog.ts"
import { RequestContext } from "./RequestContext.ts"

/** Every `Authorization` line as it came: Node's own header object keeps the first one only. */
const authorizationOf = (request: HttpServerRequest.HttpServerRequest): ReadonlyArray<string> => {
  const { rawHeaders } = NodeHttpServerRequest.toIncomingMessage(request)
  return rawHeaders.filter(
    (_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === "authorization"
  )
}

export const AuthenticationHttp = Layer.effect(
  Authentication,
  Effect.gen(function* () {
    const authenticator = yield* Authenticator
    const attempts = yield* AttemptLog
    return {
      bearer: Effect.fnUntraced(function* (handler) {
        const request = yield* HttpServerRequest.HttpServerRequest
        const context = yield* RequestContext
        const authorization = authorizationOf(request)
        const began = yield* Clock.currentTimeMillis
        const user = yield* authenticator.authenticate(authorization).pipe(
          Effect.onExit((exit) =>
            Effect.flatMap(Clock.currentTimeMillis, (now) => {
              context.authenticatedIn = now - began
              return attempts.record({ request, authorization, exit, milliseconds: now - began })
            })
          )
        )
        const who = { "user.id": user.userId, "session.id": user.sessionId }
        context.user = who
        yield* Effect.annotateCurrentSpan(who)
        return yield* handler.pipe(
          Effect.provideService(CurrentUser, user),
          Effect.annotateLogs(who)
        )
      })
    }
  })
)
