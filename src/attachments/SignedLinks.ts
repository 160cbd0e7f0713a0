import { createHmac, timingSafeEqual } from "node:crypto"
import { Redacted } from "effect"
import { UserId } from "../core/User.ts"

/** A link permits one user one thing with one attachment, until `expires` in Unix seconds. */
export interface Permit {
  readonly purpose: "upload" | "content"
  readonly attachmentId: string
  readonly userId: UserId
  readonly expires: number
}

const queryOf = (key: Redacted.Redacted, permit: Permit): string => {
  const { attachmentId, expires, purpose, userId } = permit
  const signature = createHmac("sha256", Redacted.value(key))
    .update(JSON.stringify([purpose, attachmentId, userId, expires]))
    .digest("base64url")
  const query = { user: userId, expires: String(expires), signature }
  return new URLSearchParams(query).toString()
}

/** The link under `base`, which has no trailing slash. */
export const signLink = (base: string, key: Redacted.Redacted, permit: Permit): string => {
  const path = `/support/attachments/${encodeURIComponent(permit.attachmentId)}/${permit.purpose}`
  return new URL(`${base}${path}?${queryOf(key, permit)}`).href
}

/**
 * The user for whom the link was made. Undefined when it has expired at `now`, in Unix ms, or when
 * its query differs in any way from the one that was made: a parameter more, less or twice,
 * another order, another spelling of the same value.
 */
export const verifyLink = (
  url: string,
  key: Redacted.Redacted,
  permit: Pick<Permit, "purpose" | "attachmentId">,
  now: number
): UserId | undefined => {
  const given = url.slice(url.indexOf("?") + 1)
  const query = new URLSearchParams(given)
  const userId = UserId.make(query.get("user") ?? "")
  const expires = Number(query.get("expires"))
  const genuine = queryOf(key, { ...permit, userId, expires })
  return isEqual(given, genuine) && now < expires * 1000 ? userId : undefined
}

const isEqual = (a: string, b: string): boolean => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
