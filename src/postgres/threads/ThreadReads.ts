import { Effect } from "effect"
import { NotFound } from "../../core/Errors.ts"
import { isId } from "../../core/Ids.ts"
import type { ThreadItem } from "../../protocol/Items.ts"
import { pageFrom } from "../../protocol/Threads.ts"
import type { ThreadStore } from "../../threads/ThreadStore.ts"
import { chatKitTables, noThread } from "../ChatKitTables.ts"
import { type StoredJson, storedItems, storedThreads, storedToolCalls } from "../StoredJson.ts"
import { type Position, threadPages } from "./ThreadPages.ts"

const noItem = new NotFound({ object: "Item" })

type Reads = Pick<
  ThreadStore["Service"],
  | "loadThread"
  | "loadThreadWithItems"
  | "loadThreads"
  | "loadThreadItems"
  | "loadItem"
  | "loadPendingToolCalls"
>

/** The methods of `ThreadStorePg` that read. */
export const threadReads = Effect.map(chatKitTables, ({ runRepeatable, sql }): Reads => {
  const pages = threadPages(sql)

  return {
    loadThread: Effect.fn("ThreadStore.loadThread")(function* (userId, threadId) {
      if (!isId(threadId)) return yield* noThread
      const rows = yield* runRepeatable(
        "ThreadStore.loadThread",
        sql<StoredJson>`
          select data from chatkit.threads where id = ${threadId} and user_id = ${userId}`
      )
      const [thread] = yield* storedThreads(rows)
      return thread ?? (yield* noThread)
    }),

    loadThreadWithItems: Effect.fn("ThreadStore.loadThreadWithItems")(
      function* (userId, threadId, limit, bytes) {
        if (!isId(threadId)) return yield* noThread
        const [first, ...rows] = yield* runRepeatable(
          "ThreadStore.loadThreadWithItems",
          pages.threadWithItems(userId, threadId, {
            limit,
            order: "asc",
            after: null,
            bytes
          })
        )
        if (first === undefined) return yield* noThread
        const [thread] = yield* storedThreads([first])
        const items = yield* storedItems(rows)
        return {
          thread: thread!,
          items: pageFrom(items, limit, rows[0]?.found ?? undefined)
        }
      }
    ),

    loadThreads: Effect.fn("ThreadStore.loadThreads")(function* (userId, query) {
      const { after, limit } = query
      if (after !== null && !isId(after)) return yield* noThread
      const positionOf = Effect.fnUntraced(function* (id: string) {
        const [row] = yield* sql<{ position: Position }>`
          select position::text as position from chatkit.threads
          where id = ${id} and user_id = ${userId}`
        return row === undefined ? yield* noThread : row.position
      })
      const rows = yield* runRepeatable(
        "ThreadStore.loadThreads",
        Effect.gen(function* () {
          const cursor = after === null ? undefined : yield* positionOf(after)
          return yield* pages.threads(userId, query, cursor)
        })
      )
      return pageFrom(yield* storedThreads(rows), limit, rows[0]?.found)
    }),

    loadThreadItems: Effect.fn("ThreadStore.loadThreadItems")(function* (userId, threadId, query) {
      const { after, hidden, limit, upTo } = query
      const named = [after, upTo].filter((id) => typeof id === "string")
      if (!named.every(isId)) return yield* noItem
      if (!isId(threadId)) return named.length > 0 ? yield* noItem : pageFrom<ThreadItem>([], limit)
      const positions = Effect.gen(function* () {
        if (named.length === 0) return { after: undefined, upTo: undefined }
        const found = yield* sql<{ id: string; hidden: boolean; position: Position }>`
          select id, hidden, position::text as position from chatkit.items
          where thread_id = ${threadId} and user_id = ${userId} and id = any(${named}::text[])`
        const cursor = found.find((item) => item.id === after && (hidden || !item.hidden))
        const last = found.find(({ id }) => id === upTo)
        if (after !== null && cursor === undefined) return yield* noItem
        if (upTo !== undefined && last === undefined) return yield* noItem
        return { after: cursor?.position, upTo: last?.position }
      })
      const rows = yield* runRepeatable(
        "ThreadStore.loadThreadItems",
        Effect.flatMap(positions, (bounds) => pages.items(userId, threadId, query, bounds))
      )
      return pageFrom(yield* storedItems(rows), limit, rows[0]?.found)
    }),

    loadItem: Effect.fn("ThreadStore.loadItem")(function* (userId, threadId, itemId) {
      if (!isId(threadId) || !isId(itemId)) return yield* noItem
      const rows = yield* runRepeatable(
        "ThreadStore.loadItem",
        sql<StoredJson>`
          select data from chatkit.items
          where thread_id = ${threadId} and id = ${itemId} and user_id = ${userId}`
      )
      const [item] = yield* storedItems(rows)
      return item ?? (yield* noItem)
    }),

    loadPendingToolCalls: Effect.fn("ThreadStore.loadPendingToolCalls")(
      function* (userId, threadId) {
        if (!isId(threadId)) return []
        const rows = yield* runRepeatable(
          "ThreadStore.loadPendingToolCalls",
          pages.pendingToolCalls(userId, threadId)
        )
        return yield* storedToolCalls(rows)
      }
    )
  }
})
