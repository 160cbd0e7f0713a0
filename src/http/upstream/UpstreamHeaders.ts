import { Redacted } from "effect"
import type { Headers } from "effect/http"
import type { CurrentUser } from "../../auth/CurrentUser.ts"

/**
 * The client's headers that are passed on. It is a list of what may pass, because nobody can list
 * every header by which some server knows a person: `x-user-id`, `remote-user`, `x_user_id` ….
 * `baggage` is not among them, since it carries whatever the client says.
 */
const passed: ReadonlySet<string> = new Set([
  "accept",
  "accept-language",
  "content-type",
  "user-agent",
  "traceparent",
  "tracestate"
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

/**
 * Percent-encoded when it is not what a header can carry as it is, or has a `%` of its own: decoded
 * it is exact, and no two people have the same header.
 */
const plain = (text: string) =>
  /^[\x21-\x24\x26-\x7e]+$/.test(text) ? text : encodeURIComponent(text.toWellFormed())

/** Between two hops, or set by this server for every answer. */
const dropped: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-connection",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "alt-svc",
  "set-cookie",
  "date",
  "server",
  "x-request-id"
])

/** The headers of an answer as the client gets them. CORS is this server's own matter. */
export const answerHeaders = (
  headers: Headers.Headers,
  isEventStream: boolean
): Readonly<Record<string, string>> => {
  // RFC 9110 §7.6.1: `Connection` names more headers that end here.
  const named = new Set((headers["connection"] ?? "").toLowerCase().split(/[\s,]+/))
  const kept = Object.entries(headers).filter(
    ([name]) => !dropped.has(name) && !named.has(name) && !name.startsWith("access-control-")
  )
  if (!isEventStream) return Object.fromEntries(kept)
  return {
    // One event may be added at the end.
    ...Object.fromEntries(kept.filter(([name]) => name !== "content-length")),
    "x-accel-buffering": "no"
  }
}
