import { Clock, Context, Effect, Layer } from "effect"
import { type ClientToolCallItem, isHidden, type ThreadItem } from "../protocol/Items.ts"
import { type AttachmentRecord, type Change, ThreadStore, turnLease } from "./ThreadStore.ts"
import { type PageQuery } from "../protocol/Threads.ts"
import { pageFrom, type ThreadMetadata } from "../protocol/Threads.ts"
import { isId } from "../postgres/ChatKitTables.ts"
import { NotFound } from "../core/Errors.ts"
import { TooManyAttachments } from "../attachments/Errors.ts"
import { TurnLost } from "./Errors.ts"
import { TurnTaken } from "../turns/Errors.ts"

interface Kept {
  readonly userId: string
  thread: ThreadMetadata
  items: ReadonlyArray<ThreadItem>
  turn?: { readonly id: string; until: number }
}

/** What a database would give back. */
const copy = <A>(value: A): A => JSON.parse(JSON.stringify(value)) as A

const noUsableId = Effect.die(new Error("an object to be stored has no usable id"))

const pageOf = <A extends { readonly id: string }>(
  all: ReadonlyArray<A>,
  { after, limit, order }: PageQuery
) => {
  const sorted = order === "desc" ? all.toReversed() : all
  const from = sorted.findIndex(({ id }) => id === after) + 1
  return after !== null && from === 0
    ? undefined
    : pageFrom(sorted.slice(from, from + limit + 1), limit)
}

const itemsWith = (items: ReadonlyArray<ThreadItem>, item: ThreadItem) =>
  items.some(({ id }) => id === item.id)
    ? items.map((old) => (old.id === item.id ? copy(item) : old))
    : [...items, copy(item)]

/** The end of an upload, which only `AttachmentContent` brings about where there is a database. */
export class UploadsMemory extends Context.Service<
  UploadsMemory,
  { readonly finish: (attachmentId: string) => Effect.Effect<void> }
>()("test/UploadsMemory") {}

const make = () => {
  const threads = new Map<string, Kept>()
  const attachments = new Map<string, { readonly userId: string; record: AttachmentRecord }>()

  const threadsOf = (userId: string) =>
    [...threads.values()].filter((kept) => kept.userId === userId)
  const find = (userId: string, id: string) => {
    const kept = threads.get(id)
    return kept?.userId === userId ? kept : undefined
  }
  const found = (userId: string, id: string) =>
    Effect.suspend(() => {
      const kept = find(userId, id)
      return kept === undefined ? new NotFound({ object: "Thread" }) : Effect.succeed(kept)
    })
  const attachmentsOf = (userId: string) =>
    [...attachments.values()].filter((kept) => kept.userId === userId)
  const attachment = (userId: string, id: string) =>
    attachmentsOf(userId).find(({ record }) => record.id === id)

  /** All of the changes or none. */
  const apply = (kept: Kept, changes: ReadonlyArray<Change>) =>
    Effect.suspend(() => {
      let { items, thread } = kept
      const attached: Array<{ record: AttachmentRecord }> = []
      for (const change of changes) {
        if (change.type === "put_item") {
          if (!isId(change.item.id)) return noUsableId
          items = itemsWith(items, change.item)
        }
        if (change.type === "delete_item") items = items.filter(({ id }) => id !== change.item_id)
        if (change.type === "delete_items_after") {
          const last = items.findIndex(({ id }) => id === change.item_id)
          if (last < 0) return new NotFound({ object: "Item" })
          items = items.slice(0, last + 1)
        }
        if (change.type === "update_thread") {
          const { allowed_image_domains, title, ...rest } = copy({ ...thread, ...change.patch })
          thread = {
            ...rest,
            ...(typeof title === "string" ? { title } : {}),
            ...(Array.isArray(allowed_image_domains) ? { allowed_image_domains } : {})
          }
        }
        if (change.type === "attach") {
          for (const id of change.attachment_ids) {
            const mine = attachment(kept.userId, id)
            if (mine === undefined) return new NotFound({ object: "Attachment" })
            attached.push(mine)
          }
        }
      }
      Object.assign(kept, { items, thread })
      for (const mine of attached) mine.record = { ...mine.record, thread_id: thread.id }
      return Effect.succeed(thread)
    })

  const store: ThreadStore["Service"] = {
    loadThread: (userId, id) => Effect.map(found(userId, id), ({ thread }) => thread),

    loadThreads: (userId, query) =>
      Effect.suspend(() => {
        const all = threadsOf(userId).map(({ thread }) => thread)
        const page = pageOf(all, query)
        return page === undefined ? new NotFound({ object: "Thread" }) : Effect.succeed(page)
      }),

    loadThreadItems: (userId, id, { hidden, upTo, ...query }) =>
      Effect.suspend(() => {
        const all = find(userId, id)?.items ?? []
        const last = all.findIndex((item) => item.id === upTo)
        const seen = upTo === undefined ? all : all.slice(0, last + 1)
        const page = pageOf(
          seen.filter((item) => hidden || !isHidden(item)),
          query
        )
        return page === undefined || (upTo !== undefined && last < 0)
          ? new NotFound({ object: "Item" })
          : Effect.succeed(page)
      }),

    loadItem: (userId, threadId, itemId) =>
      Effect.suspend(() => {
        const item = find(userId, threadId)?.items.find(({ id }) => id === itemId)
        return item === undefined ? new NotFound({ object: "Item" }) : Effect.succeed(item)
      }),

    loadPendingToolCalls: (userId, threadId) =>
      Effect.sync(() =>
        (find(userId, threadId)?.items ?? [])
          .filter((item): item is ClientToolCallItem => item.type === "client_tool_call")
          .filter(({ status }) => status === "pending")
          .toReversed()
          .slice(0, 100)
      ),

    createThread: (userId, thread, changes, turn) =>
      Effect.gen(function* () {
        if (!isId(thread.id)) return yield* noUsableId
        if (threads.has(thread.id)) return yield* Effect.die(new Error("the thread's id is taken"))
        const now = yield* Clock.currentTimeMillis
        const kept: Kept = {
          userId,
          thread: copy(thread),
          items: [],
          ...(turn === undefined ? {} : { turn: { id: turn, until: now + turnLease } })
        }
        yield* apply(kept, changes)
        threads.set(thread.id, kept)
      }),

    commit: (userId, threadId, changes, turn) =>
      Effect.suspend((): Effect.Effect<unknown, NotFound | TurnLost> => {
        const kept = find(userId, threadId)
        if (turn !== undefined && kept?.turn?.id !== turn) return Effect.fail(new TurnLost())
        return kept === undefined
          ? Effect.fail(new NotFound({ object: "Thread" }))
          : apply(kept, changes)
      }).pipe(Effect.asVoid),

    updateThread: (userId, id, patch) =>
      Effect.flatMap(found(userId, id), (kept) => apply(kept, [{ type: "update_thread", patch }])),

    deleteThread: (userId, id) =>
      Effect.sync(() => {
        if (find(userId, id) === undefined) return
        threads.delete(id)
        for (const { record } of attachmentsOf(userId)) {
          if (record.thread_id === id) attachments.delete(record.id)
        }
      }),

    beginTurn: (userId, id, turn) =>
      Effect.gen(function* () {
        const kept = yield* found(userId, id)
        const now = yield* Clock.currentTimeMillis
        if (kept.turn !== undefined && kept.turn.until >= now) return yield* new TurnTaken()
        kept.turn = { id: turn, until: now + turnLease }
        return kept.thread
      }),

    prolongTurns: (turns) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        for (const { turn } of threads.values()) {
          if (turn !== undefined && turns.includes(turn.id)) turn.until = now + turnLease
        }
      }),

    endTurn: (userId, id, turn) =>
      Effect.sync(() => {
        const kept = find(userId, id)
        if (kept?.turn?.id === turn) delete kept.turn
      }),

    saveAttachment: (userId, { id, metadata, mime_type, name, size }) =>
      Effect.suspend(() => {
        if (!isId(id)) return noUsableId
        const fields = copy({ id, name, mime_type, size, metadata })
        const mine = attachment(userId, id)
        if (mine !== undefined) {
          mine.record = { ...mine.record, ...fields }
          return Effect.void
        }
        const waiting = attachmentsOf(userId).filter(({ record }) => !("thread_id" in record))
        if (waiting.length >= 100) return new TooManyAttachments()
        if (attachments.has(id)) return Effect.die(new Error("the attachment's id is taken"))
        attachments.set(id, { userId, record: { ...fields, uploaded: false } })
        return Effect.void
      }),

    loadAttachments: (userId, ids) =>
      Effect.suspend(() => {
        const records = ids.flatMap((id) => attachment(userId, id)?.record ?? [])
        return records.length < ids.length
          ? new NotFound({ object: "Attachment" })
          : Effect.succeed(records)
      }),

    deleteAttachment: (userId, id) =>
      Effect.sync(() => {
        if (attachment(userId, id) !== undefined) attachments.delete(id)
      })
  }
  const uploads: UploadsMemory["Service"] = {
    finish: (id) =>
      Effect.sync(() => {
        const kept = attachments.get(id)
        if (kept !== undefined) kept.record = { ...kept.record, uploaded: true }
      })
  }
  return Context.make(ThreadStore, store).pipe(Context.add(UploadsMemory, uploads))
}

/** `ThreadStore` in memory, empty each time it is built; leases last by the test's clock. */
export const ThreadStoreMemory = Layer.effectContext(Effect.sync(make))
