import { Redacted } from "effect"
import type { Identity, IdentityQuery } from "../auth/Identities.ts"
import { SessionId, UserId } from "../core/User.ts"
import type { BetterAuthLayout } from "./BetterAuthLayout.ts"
import { conditionsOf } from "./Conditions.ts"

/**
 * A row of `identityStatement`. The statement casts its columns to these types whatever the tables
 * have, so rows need no schema on this hot path; only null depends on the tables.
 */
export interface IdentityRow {
  /** The position of the query that the row answers. */
  readonly i: number
  readonly userId: string | null
  readonly email: string | null
  readonly name: string | null
  readonly banned: boolean
  readonly sessionId: string | null
}

/** The statement's one parameter: every value travels in it, and none in the text. */
export const identityParameter = (queries: ReadonlyArray<IdentityQuery>): string =>
  JSON.stringify(
    queries.map(({ email, sessionId, sessionToken }, i) => {
      const exact = email && Redacted.value(email)
      return {
        i,
        exact,
        // ASCII only: Unicode folds differ between systems and can make two addresses one.
        folded: exact?.replace(/[A-Z]/g, (letter) => letter.toLowerCase()),
        sid: sessionId,
        token: sessionToken && Redacted.value(sessionToken)
      }
    })
  )

/** The identities by the position of their query. A user without an id cannot be identified. */
export const identitiesOf = (rows: ReadonlyArray<IdentityRow>): ReadonlyMap<number, Identity> => {
  const identities = new Map<number, Identity>()
  for (const { banned, email, i, name, sessionId, userId } of rows) {
    if (userId === null) continue
    identities.set(i, {
      userId: UserId.make(userId),
      email: email ?? "",
      name: name ?? "",
      banned,
      sessionId: sessionId === null ? undefined : SessionId.make(sessionId)
    })
  }
  return identities
}

/** Answers many queries at once; each finds its user and session through an index. */
export const identityStatement = (layout: BetterAuthLayout): string => {
  const { session, user } = layout
  const { banned, joined, live, s, u } = conditionsOf(layout)
  const columns = `${u("id")} as id, ${u("email")}::text as email,
      ${user.column("name") === undefined ? "null" : `${u("name")}::text`} as name, ${banned} as banned`
  const from = `select ${s("id")}::text as id from ${session.from} s where`

  return `
  select q.i as "i", u.id::text as "userId", u.email as "email", u.name as "name",
    u.banned as "banned", s.id as "sessionId"
  from json_to_recordset($1::json) as q(i int, exact text, folded text, sid text, token text)
  cross join lateral (
    (select ${columns} from ${user.from} u
      where ${u("email")} = any (array[q.exact, q.folded])
      order by ${u("email")} <> q.exact limit 1)
    union all
    (select ${columns} from ${session.from} s join ${user.from} u on ${joined}
      where q.exact is null and ${s("token")} = q.token limit 1)
  ) u
  left join lateral (
    (${from} q.sid is null and q.token is null and ${live}
      order by ${s("expiresAt")} desc, ${s("id")} limit 1)
    union all
    (${from} q.token is not null and ${s("token")} = q.token
      and (q.sid is null or ${s("id")}::text = q.sid) and ${live} limit 1)
    union all
    (${from} q.token is null and q.sid is not null and ${s("id")}::text = q.sid
      and ${live} limit 1)
  ) s on true`
}
