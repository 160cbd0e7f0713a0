import { createHmac, timingSafeEqual } from "node:crypto"
import { Redacted } from "effect"
import { SessionId, UserId } from "../core/User.ts"

/** The user for whom a link is made, and the session that it is bound to, if it is to one. */
export interface LinkHolder {
  readonly userId: UserId
  readonly sessionId: SessionId | undefined
}

/** A link permits its holder one thing with one attachment, until `expires` in Unix seconds. */
export interface Permit extends LinkHolder {
  readonly purpose: "upload" | "content"
  readonly attachmentId: string
  readonly expires: number
}

const queryOf = (key: Redacted.Redacted, permit: Permit): string => {
  const { attachmentId, expires, purpose, sessionId, userId } = permit
  const named = sessionId === undefined ? [] : [sessionId]
  const signature = createHmac("sha256", Redacted.value(key))
    .update(JSON.stringify([purpose, attachmentId, userId, expires, ...named]))
    .digest("base64url")
  const session = sessionId === undefined ? {} : { session: sessionId }
  const query = { user: userId, ...session, expires: String(expires), signature }
  return new URLSearchParams(query).toString()
}

/** The link under `base`, which has no trailing slash. */
export const signLink = (base: string, key: Redacted.Redacted, permit: Permit): string => {
  const path = `/support/attachments/${encodeURIComponent(permit.attachmentId)}/${permit.purpose}`
  return new URL(`${base}${path}?${queryOf(key, permit)}`).href
}

/**
 * The holder for whom the link was made. Undefined when it has expired at `now`, in Unix ms, or when
 * its query differs in any way from the one that was made: a parameter more, less or twice,
 * another order, another spelling of the same value.
 */
export const verifyLink = (
  url: string,
  key: Redacted.Redacted,
  permit: Pick<Permit, "purpose" | "attachmentId">,
  now: number
): LinkHolder | undefined => {
  const given = url.slice(url.indexOf("?") + 1)
  const query = new URLSearchParams(given)
  const session = query.get("session")
  const holder = {
    userId: UserId.make(query.get("user") ?? ""),
    sessionId: session === null ? undefined : SessionId.make(session)
  }
  const expires = Number(query.get("expires"))
  const genuine = queryOf(key, { ...permit, ...holder, expires })
  return isEqual(given, genuine) && now < expires * 1000 ? holder : undefined
}

const isEqual = (a: string, b: string): boolean => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
