import { Effect } from "effect"
import type { DbUnavailable, NotFound } from "../core/Errors.ts"
import type { TurnLost } from "../threads/Errors.ts"
import type { UserId } from "../core/User.ts"
import { AttachmentLinks } from "../attachments/AttachmentLinks.ts"
import {
  ResponseEvent,
  type ResponseEventInput,
  type ThreadStreamEvent
} from "../protocol/Events.ts"
import { type InvalidAnswer, reading } from "../responder/StreamErrors.ts"
import { applyUpdate, hasText, isDelta } from "../protocol/ApplyUpdate.ts"
import { Ids } from "../core/Ids.ts"
import { isHidden, type ThreadItem } from "../protocol/Items.ts"
import { withLinks, withoutLinks } from "../attachments/ItemLinks.ts"
import { type Change, type ThreadPatch, ThreadStore } from "../threads/ThreadStore.ts"
import { shown, type ThreadMetadata } from "../protocol/Threads.ts"
import type { Held } from "./TurnLeases.ts"

type Failure = NotFound | TurnLost | DbUnavailable | InvalidAnswer

/** One answer on its way from the responder to the store and the client. */
export interface Draft {
  readonly thread: () => ThreadMetadata
  readonly updateThread: (change: (thread: ThreadMetadata) => ThreadMetadata) => void
  /** What of the thread the answer builds on. */
  readonly bounds: () => { readonly upTo?: string }
  /** Stores what an event means, and gives what the client is to see of it. */
  readonly take: (
    input: ResponseEventInput
  ) => Effect.Effect<ReadonlyArray<ThreadStreamEvent>, Failure>
  /** Stores what is left to store, and gives the thread when it changed. */
  readonly settle: Effect.Effect<ReadonlyArray<ThreadStreamEvent>, Failure>
  /** Keeps what there is to read, and a note that the rest was not wanted. */
  readonly cancel: Effect.Effect<void, Failure>
}

/** What the responder finds in its history where the person pressed Stop. */
const cancelNote = "The user cancelled the stream. Stop responding to the prior request."

const read = reading(ResponseEvent)

/** What a turn does to items. */
type ItemChange = Extract<Change, { readonly type: "put_item" | "delete_item" }>

const put = (item: ThreadItem): ItemChange => ({ type: "put_item", item: withoutLinks(item) })

const idOf = (change: ItemChange): string =>
  change.type === "put_item" ? change.item.id : change.item_id

export const makeDraft = Effect.fnUntraced(function* (options: {
  readonly userId: UserId
  readonly held: Held
  readonly upTo?: string
}) {
  const store = yield* ThreadStore
  const ids = yield* Ids
  const links = yield* AttachmentLinks
  const { held, userId } = options
  const threadId = held.thread.id
  let thread = held.thread
  let savedThread = held.thread
  let { upTo } = options
  /** Items that are added and not done yet, with their updates. */
  const pending = new Map<string, ThreadItem>()
  /** Items that were stored before and have grown since. */
  const grown = new Map<string, ThreadItem>()

  const commit = (changes: ReadonlyArray<ItemChange>, patch: ThreadPatch | undefined) =>
    Effect.suspend(() => {
      const isBegun = changes.some(isAnswer)
      const all: ReadonlyArray<Change> = [
        ...(upTo !== undefined && isBegun
          ? [{ type: "delete_items_after" as const, item_id: upTo }]
          : []),
        ...Array.from(grown.values(), put),
        ...changes,
        ...(patch === undefined ? [] : [{ type: "update_thread" as const, patch }])
      ]
      if (all.length === 0) return Effect.void
      return Effect.tap(store.commit(userId, threadId, all, held.turn), () =>
        Effect.sync(() => {
          if (isBegun) upTo = undefined
          grown.clear()
          for (const change of changes) pending.delete(idOf(change))
        })
      )
      // Interrupted, nobody could tell whether it is stored.
    }).pipe(Effect.uninterruptible)

  const write = Effect.fnUntraced(function* (
    changes: ReadonlyArray<ItemChange>,
    events: ReadonlyArray<ThreadStreamEvent>
  ) {
    const now = thread
    const patch = patchOf(savedThread, now)
    yield* commit(changes, patch)
    savedThread = now
    if (patch === undefined) return events
    // Somebody may have renamed it meanwhile.
    savedThread = yield* store.loadThread(userId, threadId)
    if (thread === now) thread = savedThread
    const updated: ThreadStreamEvent = { type: "thread.updated", thread: shown(savedThread) }
    return [...events, updated]
  })

  const update = Effect.fnUntraced(function* (
    event: Extract<ResponseEvent, { readonly type: "thread.item.updated" }>
  ) {
    const { item_id, update } = event
    const growing = pending.get(item_id)
    if (growing !== undefined) {
      pending.set(item_id, applyUpdate(growing, update))
      return thread === savedThread ? [event] : yield* write([], [event])
    }
    const before =
      grown.get(item_id) ??
      (yield* store
        .loadItem(userId, threadId, item_id)
        .pipe(Effect.catchTag("NotFound", () => Effect.undefined)))
    if (before !== undefined) grown.set(item_id, applyUpdate(before, update))
    const events = before !== undefined && isHidden(before) ? [] : [event]
    return isDelta(update) && thread === savedThread ? events : yield* write([], events)
  })

  const take = Effect.fnUntraced(function* (input: ResponseEventInput) {
    const event = yield* read(input)
    switch (event.type) {
      case "thread.item.updated":
        return yield* update(event)
      case "thread.item.added": {
        const item = inThread(event.item, threadId)
        pending.set(item.id, item)
        return yield* write([], isHidden(item) ? [] : [{ ...event, item }])
      }
      case "thread.item.done":
      case "thread.item.replaced": {
        const item = inThread(event.item, threadId)
        const [linked = item] = yield* withLinks(userId, [item]).pipe(
          Effect.provideService(AttachmentLinks, links)
        )
        return yield* write([put(item)], shownAs({ ...event, item: linked }))
      }
      case "thread.item.removed": {
        return yield* write([{ type: "delete_item", item_id: event.item_id }], [event])
      }
      default:
        return yield* write([], [event])
    }
  })

  const cancel = Effect.gen(function* () {
    const kept = Array.from(pending.values()).filter(hasText)
    const note: ThreadItem = {
      id: yield* ids.make("sdk_hidden_context"),
      thread_id: threadId,
      created_at: yield* ids.now,
      type: "sdk_hidden_context",
      content: cancelNote
    }
    yield* commit([...kept.map(put), put(note)], undefined)
    // A thread that is no longer there has nothing to keep.
  }).pipe(Effect.catchTag("TurnLost", () => Effect.void))

  const draft: Draft = {
    thread: () => thread,
    updateThread: (change) => {
      thread = change(thread)
    },
    bounds: () => (upTo === undefined ? {} : { upTo }),
    take,
    settle: Effect.suspend(() => write([], [])),
    cancel
  }
  return draft
})

const inThread = (item: ThreadItem, thread_id: string): ThreadItem =>
  item.thread_id === thread_id ? item : { ...item, thread_id }

/** Whether with this change a new answer begins to be stored. */
const isAnswer = (change: ItemChange): boolean =>
  change.type === "put_item" && change.item.type !== "sdk_hidden_context"

/** Hidden items never reach a client; one that takes the place of another makes that one vanish. */
const shownAs = (
  event: Extract<ResponseEvent, { readonly item: ThreadItem }>
): ReadonlyArray<ThreadStreamEvent> =>
  !isHidden(event.item)
    ? [event]
    : event.type === "thread.item.replaced"
      ? [{ type: "thread.item.removed", item_id: event.item.id }]
      : []

const patchOf = (before: ThreadMetadata, after: ThreadMetadata): ThreadPatch | undefined => {
  if (before === after) return undefined
  const differs = (key: keyof ThreadPatch) =>
    JSON.stringify(before[key]) !== JSON.stringify(after[key])
  const patch: ThreadPatch = {
    ...(differs("title") ? { title: after.title ?? null } : {}),
    ...(differs("status") ? { status: after.status } : {}),
    ...(differs("allowed_image_domains")
      ? { allowed_image_domains: after.allowed_image_domains ?? null }
      : {}),
    ...(differs("metadata") ? { metadata: after.metadata } : {})
  }
  return Object.keys(patch).length === 0 ? undefined : patch
}
