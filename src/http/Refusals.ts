import { Cause, Effect } from "effect"
import { HttpServerError, HttpServerResponse } from "effect/http"
import { type Audience, bodyOf, headersOf } from "../api/ErrorBody.ts"
import { type ErrorRow, errorTable, hasCredentials } from "../api/ErrorTable.ts"
import type { AuthenticationError } from "../auth/Authenticator.ts"
import { RequestInfo } from "../core/RequestInfo.ts"

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

export const tooManyRequests = respond(errorTable.TooManyRequests, undefined, "user")

/** The answers where an upstream server gives none. */
export const badGateway = respond(errorTable.UpstreamUnreachable, undefined, "user")
export const gatewayTimeout = respond(errorTable.UpstreamSilent, undefined, "user")

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

/** The rows of what is refused outside the operations, by status. */
export const refusedRows = {
  415: errorTable.ContentTypeRefused,
  500: errorTable.InternalError
} as const

/** By status, what the platform has refused without a body. */
const refusalsFor = (audience: Audience) => {
  const rows: ReadonlyArray<ErrorRow> = Object.values(refusedRows)
  const byStatus = new Map(rows.map((row) => [row.status, respond(row, undefined, audience)]))
  const malformed = respond(errorTable.MalformedRequest, undefined, audience)
  return (status: number): Response => byStatus.get(status < 500 ? status : 500) ?? malformed
}
const platform = { anyone: refusalsFor("anyone"), user: refusalsFor("user") }

/** Ends every failure in an answer with the platform's status; a bug is logged. */
export const answered = <E, R>(app: Effect.Effect<Response, E, R>): Effect.Effect<Response, E, R> =>
  Effect.catchCauseIf(
    app,
    (cause) => !Cause.hasInterruptsOnly(cause),
    (cause) =>
      Effect.flatMap(HttpServerError.causeResponse(cause), ([response]) =>
        response.status < 500 ? Effect.succeed(response) : Effect.as(logDefect(cause), response)
      )
  )

/** A bug: the answer says nothing of it. */
export const logDefect = (cause: Cause.Cause<unknown>): Effect.Effect<void> =>
  Effect.flatMap(RequestInfo, ({ user }) =>
    Effect.annotateLogs(Effect.logError("defect", cause), { ...user })
  )

/**
 * Gives the refusals of the router and the platform the body that every other one has already.
 * `unrouted` answers a path that the router has no handler for.
 */
export const completed = (
  response: Response,
  url: string,
  { user }: RequestInfo,
  unrouted: (url: string) => Response
): Response => {
  const { body, status } = response
  // An upstream server's own refusal is complete.
  if (
    status < 400 ||
    body._tag === "Stream" ||
    (body._tag === "Uint8Array" && body.contentType === "application/json")
  ) {
    return response
  }
  return status === 404 ? unrouted(url) : platform[user === undefined ? "anyone" : "user"](status)
}
