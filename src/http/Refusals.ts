import { Cause, Effect } from "effect"
import { HttpServerError, HttpServerRequest, HttpServerResponse } from "effect/http"
import { type Audience, bodyOf, headersOf } from "../api/ErrorBody.ts"
import { type ErrorRow, errorTable, hasCredentials } from "../api/ErrorTable.ts"
import type { AuthenticationError } from "../auth/Authenticator.ts"
import { RequestContext } from "./RequestContext.ts"

type Response = HttpServerResponse.HttpServerResponse

const respond = <Failure>(
  row: ErrorRow<Failure>,
  failure: Failure,
  audience: Audience = "anyone"
): Response =>
  HttpServerResponse.jsonUnsafe(bodyOf(row, failure, audience), {
    status: row.status,
    headers: headersOf(row, failure)
  })

const noCredentials = respond(errorTable.InvalidToken, { reason: "no_credentials" })
const invalidToken = respond(errorTable.InvalidToken, { reason: "signature" })
const userNotFound = respond(errorTable.UserNotFound, undefined)
const noActiveSession = respond(errorTable.NoActiveSession, undefined)
const unavailable = respond(errorTable.DbUnavailable, undefined)

/**
 * The answer to a caller who could not be authenticated, made once: bad tokens come in floods,
 * and encoding an error costs as much as all the rest of a refusal.
 */
export const notAuthenticated = (error: AuthenticationError): Response => {
  switch (error._tag) {
    case "InvalidToken":
      return hasCredentials(error.reason) ? invalidToken : noCredentials
    case "UserNotFound":
      return userNotFound
    case "NoActiveSession":
      return noActiveSession
    case "DbUnavailable":
    case "KeysUnavailable":
      return unavailable
  }
}

export const shuttingDown = respond(errorTable.ShuttingDown, undefined)

export const routeNotFound = respond(errorTable.RouteNotFound, undefined)

export const methodNotAllowed = (allow: string): Response =>
  respond(errorTable.MethodNotAllowed, { allow })

const outsideHandlers = (audience: Audience) => ({
  malformedRequest: respond(errorTable.MalformedRequest, undefined, audience),
  bodyTooLarge: respond(errorTable.BodyTooLarge, undefined, audience),
  contentTypeRefused: respond(errorTable.ContentTypeRefused, undefined, audience),
  internalError: respond(errorTable.InternalError, undefined, audience)
})
const refusals = { anyone: outsideHandlers("anyone"), user: outsideHandlers("user") }

/**
 * Answers what no handler has answered: the router's and the platform's own failures, and bugs,
 * which are logged. The answer to a path without a route is `unrouted`'s to give.
 */
export const answered =
  (unrouted: (url: string) => Response) =>
  <E, R>(app: Effect.Effect<Response, E, R>) =>
    Effect.catchCauseIf(
      app,
      (cause) => !Cause.hasInterruptsOnly(cause),
      Effect.fnUntraced(function* (cause) {
        const [{ status }] = yield* HttpServerError.causeResponse(cause)
        const { user } = yield* RequestContext
        const { bodyTooLarge, contentTypeRefused, internalError, malformedRequest } =
          refusals[user === undefined ? "anyone" : "user"]
        if (status >= 500) {
          yield* Effect.annotateLogs(Effect.logError("defect", cause), { ...user })
          return internalError
        }
        switch (status) {
          case 404:
            return unrouted((yield* HttpServerRequest.HttpServerRequest).url)
          case 413:
            return bodyTooLarge
          case 415:
            return contentTypeRefused
          default:
            return malformedRequest
        }
      })
    )
