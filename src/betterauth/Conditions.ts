import type { BetterAuthLayout } from "./BetterAuthLayout.ts"

/** Conditions of SQL on a row `u` of a user and a row `s` of a session, whatever their columns. */
export const conditionsOf = ({ session, user }: BetterAuthLayout) => {
  const u = (field: string) => `u.${user.column(field)}`
  const s = (field: string) => `s.${session.column(field)}`
  // Right for `timestamp` and `timestamptz` and in every time zone of the connection.
  const ahead = (column: string) => `extract(epoch from ${column}) > extract(epoch from now())`
  const sameType = user.type("id") === session.type("userId")
  const owned = sameType ? `${s("userId")} = u.id` : `${s("userId")}::text = u.id::text`
  const joined = sameType
    ? `${u("id")} = ${s("userId")}`
    : `${u("id")}::text = ${s("userId")}::text`
  const banned =
    user.column("banned") === undefined
      ? "false"
      : `(coalesce(${u("banned")}::text, 'f') in ('t', 'true', '1')` +
        (user.column("banExpires") === undefined
          ? ")"
          : ` and (${u("banExpires")} is null or ${ahead(u("banExpires"))}))`)
  /** The session of a `u` whose id is selected as `id`. */
  const live = `${owned} and ${ahead(s("expiresAt"))}`
  return { u, s, joined, banned, live }
}
