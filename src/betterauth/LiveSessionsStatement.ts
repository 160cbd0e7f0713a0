import type { SessionQuery } from "../auth/LiveSessions.ts"
import type { BetterAuthLayout } from "./BetterAuthLayout.ts"
import { conditionsOf } from "./Conditions.ts"

/** A row of `liveStatement`: the query at this position is answered with yes. */
export interface LiveRow {
  readonly i: number
}

/** How an id of a user is compared with the column, so that its index finds it. */
interface IdType {
  /** The type of the ids in the parameter. */
  readonly name: string
  /** Whether a text can be one: casting another would fail for all queries of a statement. */
  readonly fits: (id: string) => boolean
}

const text: IdType = { name: "text", fits: () => true }
const integer: IdType = { name: "bigint", fits: (id) => /^-?\d{1,18}$/.test(id) }
const uuid: IdType = {
  name: "uuid",
  fits: (id) => /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(id)
}

const idTypes: Readonly<Record<string, IdType>> = {
  text,
  "character varying": text,
  smallint: integer,
  integer,
  bigint: integer,
  uuid
}

const idTypeOf = ({ user }: BetterAuthLayout): IdType | undefined => {
  const type = user.type("id") ?? ""
  return Object.hasOwn(idTypes, type) ? idTypes[type] : undefined
}

/** The statement's one parameter. A user whose id cannot be one does not exist. */
export const liveParameter = (
  queries: ReadonlyArray<SessionQuery>,
  layout: BetterAuthLayout
): string => {
  const { fits } = idTypeOf(layout) ?? text
  return JSON.stringify(
    queries
      .map(({ sessionId, userId }, i) => ({ i, uid: userId, sid: sessionId }))
      .filter(({ uid }) => fits(uid))
  )
}

export const livesOf = (rows: ReadonlyArray<LiveRow>): ReadonlyMap<number, true> =>
  new Map(rows.map(({ i }) => [i, true]))

/** Answers many queries at once: a row for each user who exists, is not banned and is signed in. */
export const liveStatement = (layout: BetterAuthLayout): string => {
  const { session, user } = layout
  const { banned, live, s, u } = conditionsOf(layout)
  const type = idTypeOf(layout)
  const id = type === undefined ? `${u("id")}::text` : u("id")
  return `
  select q.i as "i"
  from json_to_recordset($1::json) as q(i int, uid ${(type ?? text).name}, sid text)
  join lateral (select ${u("id")} as id, ${banned} as banned from ${user.from} u
    where ${id} = q.uid) u on true
  where not u.banned and exists (
    select from ${session.from} s
    where ${live} and (q.sid is null or ${s("id")}::text = q.sid))`
}
