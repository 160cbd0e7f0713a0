import type { SqlClient, Statement } from "effect/sql"
import type { ItemQuery } from "../../threads/ThreadStore.ts"
import { pageBytes, type PageQuery } from "../../protocol/Threads.ts"
import type { UserId } from "../../core/User.ts"
import type { StoredJson } from "../StoredJson.ts"

/** Where a page begins or ends, as PostgreSQL writes a position. */
export type Position = string

/** A row of a page, and how many rows there would be without the bound of bytes. */
export interface PageRow extends StoredJson {
  readonly found: number
}

/** The row of the thread that a page of items belongs to comes first, and has no position. */
export interface ThreadOrItemRow extends StoredJson {
  readonly found: number | null
}

/**
 * A large value is compressed where it is stored, and costs its whole length to measure. So its
 * size there and this many bytes bound how many large ones are measured.
 */
const weightOfLarge = 40_000

/** The statements that read lists, each with one row more than the page holds. */
export const threadPages = (sql: SqlClient.SqlClient) => {
  const beyond = (order: PageQuery["order"], after: Position | undefined) =>
    after === undefined
      ? sql``
      : order === "desc"
        ? sql`and position < ${after}::bigint`
        : sql`and position > ${after}::bigint`

  /** The first rows of a list, up to the page's limit and so many bytes; at least one. */
  const page = (list: Statement.Fragment, { limit, order }: PageQuery, most = pageBytes) => {
    const sorted = order === "desc" ? sql`order by position desc` : sql`order by position`
    const before = sql`over (${sorted} rows between unbounded preceding and 1 preceding)`
    return sql<PageRow>`
      select data, found, position from (
        select data, position, found, sum(octet_length(data::text)) ${before} as bytes
        from (
          select data, position, count(*) over ()::int as found,
            sum(case when pg_column_size(data) > 2000
              then pg_column_size(data) + ${weightOfLarge}::int
              else pg_column_size(data) end) ${before} as weight
          from (${list} ${sorted} limit ${limit + 1}) as listed) as weighed
        where weight is null or weight < ${2 * most}::int) as measured
      where bytes is null or bytes < ${most}::int
      ${sorted}`
  }

  // Asked as a filter of items, PostgreSQL would expect next to none to pass, and sort whole threads.
  const ofUser = (userId: UserId, threadId: string) =>
    sql`thread_id = (
      select id from chatkit.threads where id = ${threadId} and user_id = ${userId})`

  const items = (
    userId: UserId,
    threadId: string,
    query: ItemQuery,
    bounds: { readonly after?: Position | undefined; readonly upTo?: Position | undefined } = {}
  ) => {
    const visible = query.hidden ? sql`` : sql`and not hidden`
    const upTo = bounds.upTo === undefined ? sql`` : sql`and position <= ${bounds.upTo}::bigint`
    return page(
      sql`select data, position from chatkit.items
        where ${ofUser(userId, threadId)} ${visible} ${upTo}
        ${beyond(query.order, bounds.after)}`,
      query,
      query.bytes
    )
  }

  return {
    threads: (userId: UserId, query: PageQuery, after: Position | undefined) =>
      page(
        sql`select data, position from chatkit.threads
          where user_id = ${userId} ${beyond(query.order, after)}`,
        query
      ),

    items,

    threadWithItems: (userId: UserId, threadId: string, query: Omit<ItemQuery, "hidden">) =>
      sql<ThreadOrItemRow>`
        select data, found from (
          select data, null::int as found, null::bigint as position from chatkit.threads
          where id = ${threadId} and user_id = ${userId}
          union all (${items(userId, threadId, { ...query, hidden: false })})) as together
        order by position nulls first`,

    pendingToolCalls: (userId: UserId, threadId: string) =>
      sql<StoredJson>`
        select data from chatkit.items
        where ${ofUser(userId, threadId)} and pending
        order by position desc limit 100`
  }
}
