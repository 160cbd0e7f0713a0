// Longer than most files: it is one store, which PostgreSQL has in four files.

import { Clock, Effect, Layer } from "effect"
import { NotFound } from "../core/Errors.ts"
import { isId } from "../core/Ids.ts"
import { type ClientToolCallItem, isHidden, type ThreadItem } from "../protocol/Items.ts"
import { pageBytes, type PageQuery, pageFrom, type ThreadMetadata } from "../protocol/Threads.ts"
import { TooLargeToStore, TurnLost } from "./Errors.ts"
import { MemoryTables, type ThreadRow } from "./MemoryTables.ts"
import { type Change, isTooLarge, patched, ThreadStore, turnLease } from "./ThreadStore.ts"

/** The value as a database would give it back. */
const copy = <A>(value: A): A => JSON.parse(JSON.stringify(value)) as A

const noThread = new NotFound({ object: "Thread" })
const threadTooLarge = Effect.fail(new TooLargeToStore({ object: "thread" }))
const noItem = new NotFound({ object: "Item" })
const unusableId = Effect.die(new Error("an object to be stored has no usable id"))

/** `ThreadStore` in memory, for tests of whatever stands on one. Leases last by Effect's clock. */
export const ThreadStoreMemory = Layer.effect(
  ThreadStore,
  Effect.map(MemoryTables, (tables): ThreadStore["Service"] => {
    const { attachments, threads } = tables
    const find = (userId: string, id: string) => MemoryTables.threadOf(tables, userId, id)

    /** Applies all of the changes or none. */
    const apply = (
      row: ThreadRow,
      changes: ReadonlyArray<Change>
    ): Effect.Effect<ThreadMetadata, NotFound | TooLargeToStore> =>
      Effect.suspend((): Effect.Effect<ThreadMetadata, NotFound | TooLargeToStore> => {
        let { items, thread } = row
        const attached = new Set<string>()
        for (const change of changes) {
          switch (change.type) {
            case "put_item": {
              const { id, type } = change.item
              if (!isId(id)) return unusableId
              if (isTooLarge(JSON.stringify(change.item))) {
                return Effect.fail(new TooLargeToStore({ object: type }))
              }
              items = itemsWith(items, change.item)
              break
            }
            case "delete_item": {
              items = items.filter(({ id }) => id !== change.item_id)
              break
            }
            case "delete_items_after": {
              const last = items.findIndex(({ id }) => id === change.item_id)
              if (last < 0) return Effect.fail(noItem)
              items = items.slice(0, last + 1)
              break
            }
            case "update_thread": {
              thread = copy(patched(thread, change.patch))
              if (isTooLarge(JSON.stringify(thread))) return threadTooLarge
              break
            }
            case "attach": {
              for (const id of change.attachment_ids) {
                if (attachments.get(id)?.userId !== row.userId) {
                  return Effect.fail(new NotFound({ object: "Attachment" }))
                }
                attached.add(id)
              }
            }
          }
        }
        Object.assign(row, { items, thread })
        for (const id of attached) attachments.get(id)!.threadId = thread.id
        return Effect.succeed(thread)
      })

    return {
      loadThread: (userId, id) =>
        Effect.suspend(() => {
          const row = find(userId, id)
          return row === undefined ? noThread : Effect.succeed(row.thread)
        }),

      loadThreadWithItems: (userId, id, limit, bytes) =>
        Effect.suspend(() => {
          const row = find(userId, id)
          if (row === undefined) return noThread
          const items = firstPage(
            row.items.filter((item) => !isHidden(item)),
            limit,
            bytes
          )
          return Effect.succeed({ thread: row.thread, items })
        }),

      loadThreads: (userId, query) =>
        Effect.suspend(() => {
          const own = [...threads.values()].filter((row) => row.userId === userId)
          const page = pageOf(
            own.map(({ thread }) => thread),
            query
          )
          return page === undefined ? noThread : Effect.succeed(page)
        }),

      loadThreadItems: (userId, id, { bytes, hidden, upTo, ...query }) =>
        Effect.suspend(() => {
          const all = find(userId, id)?.items ?? []
          const last = all.findIndex((item) => item.id === upTo)
          const before = upTo === undefined ? all : all.slice(0, last + 1)
          const page = pageOf(
            before.filter((item) => hidden || !isHidden(item)),
            query,
            bytes
          )
          return page === undefined || (upTo !== undefined && last < 0)
            ? noItem
            : Effect.succeed(page)
        }),

      loadItem: (userId, threadId, itemId) =>
        Effect.suspend(() => {
          const item = find(userId, threadId)?.items.find(({ id }) => id === itemId)
          return item === undefined ? noItem : Effect.succeed(item)
        }),

      loadPendingToolCalls: (userId, threadId) =>
        Effect.sync(() =>
          (find(userId, threadId)?.items ?? []).filter(isPendingCall).toReversed().slice(0, 100)
        ),

      createThread: (userId, thread, changes, turn) =>
        Effect.gen(function* () {
          if (!isId(thread.id)) return yield* unusableId
          if (threads.has(thread.id)) {
            return yield* Effect.die(new Error("the thread's id is taken"))
          }
          if (isTooLarge(JSON.stringify(thread))) return yield* threadTooLarge
          const until = (yield* Clock.currentTimeMillis) + turnLease
          const row: ThreadRow = {
            userId,
            thread: copy(thread),
            items: [],
            ...(turn === undefined ? {} : { turn: { id: turn, until } })
          }
          yield* apply(row, changes)
          threads.set(thread.id, row)
        }),

      commit: (userId, threadId, changes, turn) =>
        Effect.suspend((): Effect.Effect<unknown, NotFound | TurnLost | TooLargeToStore> => {
          const row = find(userId, threadId)
          if (turn !== undefined && row?.turn?.id !== turn) return Effect.fail(new TurnLost())
          return row === undefined ? Effect.fail(noThread) : apply(row, changes)
        }).pipe(Effect.asVoid),

      updateThread: (userId, id, patch) =>
        Effect.suspend(() => {
          const row = find(userId, id)
          return row === undefined
            ? Effect.fail(noThread)
            : apply(row, [{ type: "update_thread", patch }])
        }),

      deleteThread: (userId, id) =>
        Effect.sync(() => {
          if (find(userId, id) === undefined) return
          threads.delete(id)
          for (const [attachment, { threadId }] of attachments) {
            if (threadId === id) attachments.delete(attachment)
          }
        })
    }
  })
)

const pageOf = <A extends { readonly id: string }>(
  all: ReadonlyArray<A>,
  { after, limit, order }: PageQuery,
  most = pageBytes
) => {
  const sorted = order === "desc" ? all.toReversed() : all
  const from = sorted.findIndex(({ id }) => id === after) + 1
  if (after !== null && from === 0) return undefined
  return firstPage(sorted.slice(from), limit, most)
}

const firstPage = <A extends { readonly id: string }>(
  list: ReadonlyArray<A>,
  limit: number,
  most = pageBytes
) => {
  const found = list.slice(0, limit + 1)
  let bytes = 0
  const rows = found.filter((row) => {
    const fits = bytes < most
    bytes += encoder.encode(JSON.stringify(row)).length
    return fits
  })
  return pageFrom(rows, limit, found.length)
}

const encoder = new TextEncoder()

const itemsWith = (items: ReadonlyArray<ThreadItem>, item: ThreadItem) =>
  items.some(({ id }) => id === item.id)
    ? items.map((old) => (old.id === item.id ? copy(item) : old))
    : [...items, copy(item)]

const isPendingCall = (item: ThreadItem): item is ClientToolCallItem =>
  item.type === "client_tool_call" && item.status === "pending"
