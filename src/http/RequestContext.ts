import { Context } from "effect"
import type { Headers } from "effect/http"

/** Per-request state shared by the middleware around a handler. */
export interface RequestState {
  readonly requestId: string
  /** Set once the caller is known. */
  user: { readonly "user.id": string; readonly "session.id": string } | undefined
}

export const RequestContext = Context.Reference<RequestState>(
  "effect-chatkit/http/RequestContext",
  { defaultValue: () => ({ requestId: "", user: undefined }) }
)

// Gateways and tracers send UUIDs, hex and the like. A token is longer, so none gets into the log.
const looksLikeOne = /^[A-Za-z0-9._-]{8,64}$/

/** The caller's `x-request-id` if it looks like an id, so that both logs can be joined, or a new one. */
export const requestIdOf = (headers: Headers.Headers): string => {
  const given = headers["x-request-id"]
  return given !== undefined && looksLikeOne.test(given) ? given : crypto.randomUUID()
}
