import type { SqlClient } from "effect/sql"
import type { ItemQuery } from "../../threads/ThreadStore.ts"
import type { PageQuery } from "../../protocol/Threads.ts"
import type { UserId } from "../../core/User.ts"
import type { StoredJson } from "../StoredJson.ts"

/** Where a page begins or ends, as PostgreSQL writes a position. */
export type Position = string

/** The statements that read lists, each with one row more than the page holds. */
export const threadPages = (sql: SqlClient.SqlClient) => {
  const beyond = (order: PageQuery["order"], after: Position | undefined) =>
    after === undefined
      ? sql``
      : order === "desc"
        ? sql`and position < ${after}::bigint`
        : sql`and position > ${after}::bigint`

  const sorted = ({ limit, order }: PageQuery) =>
    order === "desc"
      ? sql`order by position desc limit ${limit + 1}`
      : sql`order by position limit ${limit + 1}`

  // Asked as a filter of items, PostgreSQL would expect next to none to pass, and sort whole threads.
  const ofUser = (userId: UserId, threadId: string) =>
    sql`thread_id = (
      select id from chatkit.threads where id = ${threadId} and user_id = ${userId})`

  return {
    threads: (userId: UserId, query: PageQuery, after: Position | undefined) =>
      sql<StoredJson>`
        select data from chatkit.threads
        where user_id = ${userId} ${beyond(query.order, after)} ${sorted(query)}`,

    items: (
      userId: UserId,
      threadId: string,
      query: ItemQuery,
      bounds: { readonly after: Position | undefined; readonly upTo: Position | undefined }
    ) => {
      const visible = query.hidden ? sql`` : sql`and not hidden`
      const upTo = bounds.upTo === undefined ? sql`` : sql`and position <= ${bounds.upTo}::bigint`
      return sql<StoredJson>`
        select data from chatkit.items
        where ${ofUser(userId, threadId)} ${visible} ${upTo}
        ${beyond(query.order, bounds.after)} ${sorted(query)}`
    },

    pendingToolCalls: (userId: UserId, threadId: string) =>
      sql<StoredJson>`
        select data from chatkit.items
        where ${ofUser(userId, threadId)} and pending
        order by position desc limit 100`
  }
}
