import { Redacted } from "effect"
import type { Headers } from "effect/http"
import type { CurrentUser } from "../../auth/CurrentUser.ts"

/**
 * What is passed on of a client's headers. It is a list of what may pass, because nobody can list
 * every header by which some server knows a person: `x-user-id`, `remote-user`, `x_user_id` ….
 */
const passed: ReadonlySet<string> = new Set([
  "accept",
  "accept-language",
  "content-type",
  "user-agent",
  "traceparent",
  "tracestate",
  "baggage"
])

const isPassed = (name: string) => passed.has(name) || /^chatkit-[a-z-]+$/.test(name)

/** The headers for the upstream server: the client's own, and those that name the person. */
export const upstreamHeaders = (
  headers: Headers.Headers,
  user: CurrentUser["Service"],
  requestId: string,
  assertion: string | undefined
): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(Object.entries(headers).filter(([name]) => isPassed(name))),
  // Then what it answers are the bytes themselves.
  "accept-encoding": "identity",
  "x-request-id": requestId,
  "x-user-id": plain(user.userId),
  "x-user-email": plain(Redacted.value(user.email)),
  // A name may have any character, so it is always encoded.
  "x-user-name": encodeURIComponent(user.name.toWellFormed()),
  "x-session-id": plain(user.sessionId),
  ...(assertion === undefined ? {} : { "x-user-assertion": assertion })
})

/** Percent-encoded when it is not what a header can carry as it is; the assertion has it exactly. */
const plain = (text: string) =>
  /^[\x21-\x7e]+$/.test(text) ? text : encodeURIComponent(text.toWellFormed())

/** Between two hops, or set by this server for every answer. */
const dropped: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-connection",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "set-cookie",
  "date",
  "server",
  "x-request-id"
])

/** The headers of an answer as the client gets them. CORS is this server's own matter. */
export const answerHeaders = (headers: Headers.Headers): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => !dropped.has(name) && !name.startsWith("access-control-")
    )
  )
