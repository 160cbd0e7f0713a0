import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { Clock, Effect, Layer } from "effect"
import { HttpServerRequest } from "effect/http"
import { Authentication } from "../api/Authentication.ts"
import { Authenticator } from "../auth/Authenticator.ts"
import { CurrentUser } from "../auth/CurrentUser.ts"
import { noteUser, RequestInfo } from "../core/RequestInfo.ts"
import { AuthenticationLog } from "./AuthenticationLog.ts"
import { notAuthenticated, tooManyRequests } from "./Refusals.ts"
import { sseOf } from "./Sse.ts"
import { asksForStream, tooManyRequestsEvents } from "./StreamRefusals.ts"
import { UserLimits } from "../core/UserLimits.ts"

/**
 * Every `Authorization` line as it came: Node's own header object keeps the first one only. A
 * request of another platform has its lines joined, and then none of them is a token.
 */
const authorizationOf = (request: HttpServerRequest.HttpServerRequest): ReadonlyArray<string> => {
  if (!("rawHeaders" in request.source)) {
    const line = request.headers["authorization"]
    return line === undefined ? [] : [line]
  }
  const { rawHeaders } = NodeHttpServerRequest.toIncomingMessage(request)
  const lines: Array<string> = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!
    if (name.length === 13 && name.toLowerCase() === "authorization") lines.push(rawHeaders[i + 1]!)
  }
  return lines
}

export const AuthenticationHttp = Layer.effect(
  Authentication,
  Effect.gen(function* () {
    const authenticator = yield* Authenticator
    const attempts = yield* AuthenticationLog
    const { limited } = yield* UserLimits
    return {
      bearer: Effect.fnUntraced(function* (handler) {
        const request = yield* HttpServerRequest.HttpServerRequest
        const info = yield* RequestInfo
        const authorization = authorizationOf(request)
        const began = yield* Clock.currentTimeMillis
        const attempt = Effect.onExit(authenticator.authenticate(authorization), (exit) =>
          Effect.flatMap(Clock.currentTimeMillis, (now) =>
            attempts.record({ request, authorization, exit, milliseconds: now - began })
          )
        )
        return yield* Effect.matchEffect(attempt, {
          onFailure: (error) => Effect.succeed(notAuthenticated(error)),
          onSuccess: (user) => {
            const who = { "user.id": user.userId, "session.id": user.sessionId }
            noteUser(info, who, user.namedSession)
            return Effect.annotateCurrentSpan(who).pipe(
              Effect.andThen(Effect.provideService(handler, CurrentUser, user)),
              limited(user.userId),
              Effect.catchTag("TooManyRequests", () =>
                Effect.succeed(
                  asksForStream(request.headers["accept"])
                    ? sseOf(tooManyRequestsEvents)
                    : tooManyRequests
                )
              ),
              Effect.annotateLogs(who)
            )
          }
        })
      })
    }
  })
)
