import { Schema } from "effect"
import { ThreadItem } from "./Items.ts"
import { defaulted, FreeForm, optional } from "./Lenient.ts"

export const ThreadStatus = Schema.Union([
  Schema.Struct({ type: Schema.Literal("active") }),
  Schema.Struct({ type: Schema.Literals(["locked", "closed"]), reason: optional(Schema.String) })
])
export type ThreadStatus = typeof ThreadStatus.Type

const thread = {
  title: optional(Schema.String),
  id: Schema.String,
  created_at: Schema.String,
  status: defaulted(ThreadStatus, { type: "active" }),
  allowed_image_domains: optional(Schema.Array(Schema.String)),
  metadata: defaulted(FreeForm, {})
}

/** A thread as it is stored, with its `metadata`. */
export const ThreadMetadata = Schema.Struct(thread)
export type ThreadMetadata = typeof ThreadMetadata.Type

const pageOf = <S extends Schema.Constraint>(data: S) =>
  Schema.Struct({
    data: Schema.Array(data),
    has_more: Schema.Boolean,
    after: optional(Schema.String)
  })

/** One page of a list; `after` is the cursor of the next one and set only when there is one. */
export interface Page<A> {
  readonly data: ReadonlyArray<A>
  readonly has_more: boolean
  readonly after?: string
}

export const ItemPage = pageOf(ThreadItem).annotate({ identifier: "ItemPage" })

/** A thread as a client sees it: `metadata` is always empty. */
export const Thread = Schema.Struct({ ...thread, items: ItemPage }).annotate({
  identifier: "Thread"
})
export type Thread = typeof Thread.Type

export const ThreadPage = pageOf(Thread).annotate({ identifier: "ThreadPage" })

const noItems: Page<ThreadItem> = { data: [], has_more: false }

/** The thread as a client may see it, without its metadata. */
export const toThread = (
  { allowed_image_domains, created_at, id, status, title }: ThreadMetadata,
  items: Page<ThreadItem> = noItems
): Thread => ({
  ...(title === undefined ? {} : { title }),
  id,
  created_at,
  status,
  ...(allowed_image_domains === undefined ? {} : { allowed_image_domains }),
  metadata: {},
  items
})

/** Bytes of JSON after which a page ends, so that it can be read and sent within a budget. */
export const pageBytes = 4 * 1024 * 1024

/**
 * Makes a page of at most `limit` rows from a query for `limit` + 1 rows. The query found as many
 * as `found`, and may have left out the last of them because of `pageBytes`.
 */
export const pageFrom = <A extends { readonly id: string }>(
  rows: ReadonlyArray<A>,
  limit: number,
  found = rows.length
): Page<A> => {
  const data = rows.slice(0, limit)
  const last = data.at(-1)
  return found > data.length && last !== undefined
    ? { data, has_more: true, after: last.id }
    : { data, has_more: false }
}

/** The query for a page; `after` is the id of the last element that the client already has. */
export interface PageQuery {
  readonly limit: number
  readonly order: "asc" | "desc"
  readonly after: string | null
}
