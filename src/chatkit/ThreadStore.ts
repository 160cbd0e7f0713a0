import { Context, type Effect } from "effect"
import type { DbUnavailable, NotFound } from "../domain/Errors.ts"
import type { UserId } from "../domain/User.ts"
import type { Page, ThreadItem, ThreadMetadata } from "./Entities.ts"

/** A page is asked for by its size and the id of the last element already seen. */
export interface PageQuery {
  readonly limit: number
  readonly order: "asc" | "desc"
  readonly after: string | null
}

/**
 * Where threads are kept, each for one user: to everybody else it does not exist. What a method
 * writes is one transaction; order is the order of writing, so equal times lose nothing.
 */
export class ThreadStore extends Context.Service<
  ThreadStore,
  {
    readonly create: (
      userId: UserId,
      thread: ThreadMetadata,
      firstItem: ThreadItem
    ) => Effect.Effect<void, DbUnavailable>
    readonly load: (
      userId: UserId,
      threadId: string
    ) => Effect.Effect<ThreadMetadata, NotFound | DbUnavailable>
    /** Fails with `NotFound` for an `after` that is none of the user's threads. */
    readonly list: (
      userId: UserId,
      query: PageQuery
    ) => Effect.Effect<Page<ThreadMetadata>, NotFound | DbUnavailable>
    readonly addItem: (
      userId: UserId,
      item: ThreadItem
    ) => Effect.Effect<void, NotFound | DbUnavailable>
    /** The first items of a thread, oldest first. */
    readonly firstItems: (
      userId: UserId,
      threadId: string,
      limit: number
    ) => Effect.Effect<Page<ThreadItem>, DbUnavailable>
  }
>()("effect-chatkit/chatkit/ThreadStore") {}

/** A page from one row more than it holds. */
export const pageOf = <A extends { readonly id: string }>(
  rows: ReadonlyArray<A>,
  limit: number
): Page<A> => {
  const data = rows.slice(0, limit)
  const last = data.at(-1)
  return rows.length > limit && last !== undefined
    ? { data, has_more: true, after: last.id }
    : { data, has_more: false }
}
