import { Context } from "effect"
import type { Headers } from "effect/http"

/** Per-request state that the middleware around a handler share. */
export interface RequestState {
  readonly requestId: string
  /** Set once the caller is known. */
  user: { readonly "user.id": string; readonly "session.id": string } | undefined
}

export const RequestContext = Context.Reference<RequestState>(
  "effect-chatkit/http/RequestContext",
  { defaultValue: () => ({ requestId: "", user: undefined }) }
)

// What gateways and tracers make: UUIDs, hex and the like; too short for a token to slip in.
const looksLikeOne = /^[A-Za-z0-9._-]{8,64}$/

/** The caller's own `x-request-id` when it looks like one, so that both logs can be joined. */
export const requestIdOf = (headers: Headers.Headers): string => {
  const given = headers["x-request-id"]
  return given !== undefined && looksLikeOne.test(given) ? given : crypto.randomUUID()
}
