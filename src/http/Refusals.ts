import { Cause, Effect } from "effect"
import { HttpBody, HttpServerError, type HttpServerRequest, HttpServerResponse } from "effect/http"
import { challenge, hasCredentials, retryAfter, sentences } from "../api/Errors.ts"
import type { AuthenticationError } from "../auth/Authenticator.ts"
import { RequestContext, type RequestState } from "./RequestContext.ts"

type Response = HttpServerResponse.HttpServerResponse

const methods: Readonly<Record<string, string>> = {
  "/support/chatkit": "POST, OPTIONS",
  "/support/health": "GET, HEAD, OPTIONS",
  "/healthz": "GET, HEAD, OPTIONS",
  "/readyz": "GET, HEAD, OPTIONS",
  "/openapi.json": "GET, HEAD, OPTIONS",
  "/docs": "GET, HEAD, OPTIONS"
}

const attachments = [
  { route: /^\/support\/attachments$/, allow: "POST, OPTIONS" },
  { route: /^\/support\/attachments\/[^/]+\/upload$/, allow: "POST, PUT, OPTIONS" },
  { route: /^\/support\/attachments\/[^/]+\/content$/, allow: "GET, HEAD, OPTIONS" }
]

/** The `Allow` header of a route, however its path is written; nothing where there is no route. */
const allowOf = (url: string, docs: boolean): string | undefined => {
  const path = (url.split("?", 1)[0] ?? "").toLowerCase().replace(/\/{2,}/g, "/")
  const route = path.length > 1 ? path.replace(/\/$/, "") : path
  if (route === "/docs" && !docs) return undefined
  return methods[route] ?? attachments.find((known) => known.route.test(route))?.allow
}

const said = (
  status: number,
  error: string,
  headers: Readonly<Record<string, string>> = {}
): Response => HttpServerResponse.jsonUnsafe({ error, status }, { status, headers })

/** A refusal in our words. */
export const refusal = (status: keyof typeof sentences & number): Response =>
  said(status, sentences[status], status === 503 ? { "retry-after": retryAfter } : {})

const noCredentials = said(401, sentences.InvalidToken, {
  "www-authenticate": challenge("no_credentials")
})
const invalidToken = said(401, sentences.InvalidToken, {
  "www-authenticate": challenge("signature")
})
const userNotFound = said(404, sentences.UserNotFound)
const noActiveSession = said(404, sentences.NoActiveSession)
const unavailable = refusal(503)

const complete: ReadonlySet<Response> = new Set([
  noCredentials,
  invalidToken,
  userNotFound,
  noActiveSession,
  unavailable
])

/**
 * What the contract says to one who is not authenticated, made once: bad tokens come in floods,
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

/** Nothing a handler does gets past this: what it throws becomes an answer, and a log line. */
export const answered = <E, R>(app: Effect.Effect<Response, E, R>): Effect.Effect<Response, E, R> =>
  Effect.catchCauseIf(
    app,
    (cause) => !Cause.hasInterruptsOnly(cause),
    (cause) =>
      Effect.flatMap(HttpServerError.causeResponse(cause), ([response]) =>
        response.status < 500
          ? Effect.succeed(response)
          : Effect.flatMap(RequestContext, ({ user }) =>
              Effect.logError("defect", cause).pipe(
                Effect.annotateLogs({ ...user }),
                Effect.as(refusal(500))
              )
            )
      )
  )

/** Every answer that is no success has the body `{ error, status }`, whoever refused. */
export const inOurWords = (
  response: Response,
  request: HttpServerRequest.HttpServerRequest,
  { user }: RequestState,
  docs: boolean
): Response => {
  if (response.status < 400 || complete.has(response)) return response
  const allow = response.status === 404 ? allowOf(request.url, docs) : undefined
  const own = errorOf(response)
  const status =
    own !== undefined ? response.status : allow === undefined ? known(response.status) : 405
  const error = own ?? sentences[status as Known]
  // ChatKit's client shows `message`, and the status line's words without one.
  const body = { error, status, ...(user === undefined ? {} : { message: error }) }
  const worded = HttpServerResponse.setBody(
    HttpServerResponse.setStatus(response, status),
    HttpBody.jsonUnsafe(body)
  )
  return own === undefined && allow !== undefined
    ? HttpServerResponse.setHeader(worded, "allow", allow)
    : worded
}

type Known = keyof typeof sentences & number
const known = (status: number): Known =>
  status in sentences ? (status as Known) : status < 500 ? 400 : 500

/** What an answer already says in our words: every row of the table is JSON. */
const errorOf = ({ body }: Response): string | undefined => {
  if (body._tag !== "Uint8Array" || !body.contentType.startsWith("application/json")) {
    return undefined
  }
  const { error } = JSON.parse(new TextDecoder().decode(body.body)) as { readonly error: string }
  return error
}
