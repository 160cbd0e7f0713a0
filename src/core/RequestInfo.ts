import { Context } from "effect"
import type { SessionId } from "./User.ts"

/** One request, as everything that works for it may know it. */
export interface RequestInfo {
  /** As in every log line of the request, and in `x-request-id`. */
  readonly requestId: string
  /** The language that the caller prefers (BCP 47, from `Accept-Language`), if it names one. */
  readonly locale: string | undefined
  /**
   * The address at which the browser reached this server, without a trailing slash: links in
   * answers begin with it. Few answers have links, so it is computed on demand.
   */
  readonly publicUrl: () => string
  /** Milliseconds that are left for its database work; see `budgeted`. Undefined: no limit yet. */
  left: number | undefined
  /** Set once the caller is known. */
  user: { readonly "user.id": string; readonly "session.id": string } | undefined
  /** The session that the caller's token is bound to, if it is to one: links share its fate. */
  namedSession: SessionId | undefined
}

/**
 * The request that some work is done for. The outermost middleware sets it. It is one reference,
 * because every further one costs each request a layer of its context.
 */
export const RequestInfo = Context.Reference<RequestInfo>("effect-chatkit/core/RequestInfo", {
  defaultValue: () => outsideRequests
})

const outsideRequests: RequestInfo = Object.freeze({
  requestId: "",
  locale: undefined,
  publicUrl: () => "http://127.0.0.1:8000",
  left: undefined,
  user: undefined,
  namedSession: undefined
})

/** Notes the caller on the request. Outside of one there is nothing to note it on. */
export const noteUser = (
  info: RequestInfo,
  user: RequestInfo["user"],
  namedSession: RequestInfo["namedSession"]
): void => {
  if (info === outsideRequests) return
  info.user = user
  info.namedSession = namedSession
}
