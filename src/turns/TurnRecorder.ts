// Longer than most files: every event of an answer is handled in one place.

import { Effect, Result } from "effect"
import type { Attachments } from "../attachments/Attachments.ts"
import { attachedBy, withoutLinks } from "../attachments/ItemLinks.ts"
import type { DbUnavailable, NotFound } from "../core/Errors.ts"
import type { Ids } from "../core/Ids.ts"
import type { UserId } from "../core/User.ts"
import {
  ResponseEvent,
  type ResponseEventInput,
  type ThreadStreamEvent
} from "../protocol/Events.ts"
import { hasText, isHidden, type ThreadItem } from "../protocol/Items.ts"
import { isDelta } from "../protocol/ItemUpdates.ts"
import { wellFormed } from "../protocol/Json.ts"
import { type ThreadMetadata, toThread } from "../protocol/Threads.ts"
import { decoderOf, type InvalidAnswer } from "../responder/StreamErrors.ts"
import type { TooLargeToStore, TurnLost } from "../threads/Errors.ts"
import type { Change, ThreadPatch, ThreadStore } from "../threads/ThreadStore.ts"
import { begun, grown, type GrowingItem } from "./GrowingItem.ts"
import { patchOf } from "./ThreadPatch.ts"
import type { TurnLease } from "./TurnLeases.ts"

type ItemUpdated = Extract<ResponseEvent, { readonly type: "thread.item.updated" }>

export type Failure = NotFound | TurnLost | TooLargeToStore | DbUnavailable | InvalidAnswer

/** Turns the events of one answer into commits to the store and events for the client. */
export interface TurnRecorder {
  readonly thread: () => ThreadMetadata
  readonly updateThread: (change: (thread: ThreadMetadata) => ThreadMetadata) => void
  /** The part of the thread that the answer builds on. */
  readonly historyLimit: () => { readonly upTo?: string }
  /** Stores an event's effect on the thread and returns the events for the client. */
  readonly record: (
    input: ResponseEventInput
  ) => Effect.Effect<ReadonlyArray<ThreadStreamEvent>, Failure>
  /**
   * Stores the rest, and returns `thread.updated` if the thread changed. What was read of
   * unfinished items is kept, however the answer ended. The next turn can go on with a workflow.
   */
  readonly flush: Effect.Effect<ReadonlyArray<ThreadStreamEvent>, Failure>
  /** Stores the text so far, as the reference does, and a note that the person stopped the answer. */
  readonly cancel: Effect.Effect<void, Failure>
}

/** The responder finds this in its history where the person pressed Stop (the reference's words). */
const cancelNote = "The user cancelled the stream. Stop responding to the prior request."

const decode = decoderOf(ResponseEvent)

/** The changes a turn makes to items. */
type ItemChange = Extract<Change, { readonly type: "put_item" | "delete_item" }>

const put = (item: ThreadItem): ItemChange => ({
  type: "put_item",
  item: withoutLinks(wellFormed(item))
})

/** Files that the responder made belong to the thread from the moment an item shows them. */
const attachmentsOf = (changes: ReadonlyArray<ItemChange>): ReadonlyArray<Change> => {
  const attachment_ids = changes.flatMap((change) =>
    change.type === "put_item" ? attachedBy(change.item) : []
  )
  return attachment_ids.length === 0 ? [] : [{ type: "attach", attachment_ids }]
}

const idOf = (change: ItemChange): string =>
  change.type === "put_item" ? change.item.id : change.item_id

/** The services that every recorder uses. */
export interface RecorderServices {
  readonly store: ThreadStore["Service"]
  readonly ids: Ids["Service"]
  readonly attachments: Attachments["Service"]
}

export const turnRecorder = (
  { attachments, ids, store }: RecorderServices,
  options: { readonly userId: UserId; readonly lease: TurnLease; readonly upTo?: string }
): TurnRecorder => {
  const { lease, userId } = options
  const threadId = lease.thread.id
  let { thread } = lease
  let savedThread = thread
  let { upTo } = options
  /** Items that are added but not done, with their updates so far. */
  const pending = new Map<string, GrowingItem>()
  /** Items that are stored, and have been updated since. */
  const updated = new Map<string, GrowingItem>()
  /** Made once, so that a second attempt to store it leaves no second one. */
  let note: ThreadItem | undefined

  const commit = (changes: ReadonlyArray<ItemChange>, patch: ThreadPatch | undefined) =>
    Effect.suspend(() => {
      const beginsAnswer = changes.some(isAnswer)
      const all: ReadonlyArray<Change> = [
        // First, so that they do not come back after a removal, or in place of what replaces them.
        ...Array.from(updated.values(), ({ item }) => put(item)),
        ...(upTo !== undefined && beginsAnswer
          ? [{ type: "delete_items_after" as const, item_id: upTo }]
          : []),
        ...attachmentsOf(changes),
        ...changes,
        ...(patch === undefined ? [] : [{ type: "update_thread" as const, patch }])
      ]
      if (all.length === 0) return Effect.void
      return Effect.map(store.commit(userId, threadId, all, lease.turn), () => {
        if (beginsAnswer) upTo = undefined
        updated.clear()
        for (const change of changes) pending.delete(idOf(change))
      })
      // Uninterruptible: after an interruption we would not know whether it is stored.
    }).pipe(Effect.uninterruptible)

  const write = (
    changes: ReadonlyArray<ItemChange>,
    events: ReadonlyArray<ThreadStreamEvent>
  ): Effect.Effect<ReadonlyArray<ThreadStreamEvent>, Failure> =>
    changes.length === 0 && updated.size === 0 && thread === savedThread
      ? Effect.succeed(events)
      : commitAll(changes, events)

  const commitAll = Effect.fnUntraced(function* (
    changes: ReadonlyArray<ItemChange>,
    events: ReadonlyArray<ThreadStreamEvent>
  ) {
    const now = thread
    const patch = patchOf(savedThread, now)
    yield* Effect.tapError(commit(changes, patch), ({ _tag }) =>
      Effect.sync(() => {
        // Otherwise nothing of the answer could be stored any more.
        if (_tag === "TooLargeToStore") thread = savedThread
      })
    )
    savedThread = now
    if (patch === undefined) return events
    // The person may have renamed the thread meanwhile.
    savedThread = yield* store.loadThread(userId, threadId)
    if (thread === now) thread = savedThread
    return [...events, { type: "thread.updated", thread: toThread(savedThread) } as const]
  })

  const updateStored = Effect.fnUntraced(function* (event: ItemUpdated) {
    const { item_id, update } = event
    const before =
      updated.get(item_id) ??
      (yield* store.loadItem(userId, threadId, item_id).pipe(
        Effect.flatMap((item) => Effect.fromResult(begun(item))),
        Effect.catchTag("NotFound", () => Effect.undefined)
      ))
    if (before !== undefined) {
      updated.set(item_id, yield* Effect.fromResult(grown(before, update)))
    }
    const events = before !== undefined && isHidden(before.item) ? [] : [event]
    return isDelta(update) && thread === savedThread ? events : yield* write([], events)
  })

  const unfinished = (isKept: (item: ThreadItem) => boolean) =>
    Array.from(pending.values(), ({ item }) => item)
      .filter(isKept)
      .map(put)

  return {
    thread: () => thread,
    updateThread: (change) => {
      thread = change(thread)
    },
    historyLimit: () => (upTo === undefined ? {} : { upTo }),

    record: (input) => {
      const decoded = decode(input)
      if (Result.isFailure(decoded)) return Effect.fail(decoded.failure)
      const event = decoded.success
      switch (event.type) {
        case "thread.item.updated": {
          const growing = pending.get(event.item_id)
          if (growing === undefined) return updateStored(event)
          const next = grown(growing, event.update)
          if (Result.isFailure(next)) return Effect.fail(next.failure)
          pending.set(event.item_id, next.success)
          return thread === savedThread ? Effect.succeed([event]) : write([], [event])
        }
        case "thread.item.added": {
          const item = inThread(event.item, threadId)
          const first = begun(item)
          if (Result.isFailure(first)) return Effect.fail(first.failure)
          pending.set(item.id, first.success)
          return write([], isHidden(item) ? [] : [{ ...event, item }])
        }
        case "thread.item.done":
        case "thread.item.replaced": {
          const item = inThread(event.item, threadId)
          return Effect.flatMap(attachments.withLinks(userId, [item]), ([linked = item]) =>
            write([put(item)], visible({ ...event, item: linked }))
          )
        }
        case "thread.item.removed":
          return write([{ type: "delete_item", item_id: event.item_id }], [event])
        default:
          return write([], [event])
      }
    },

    flush: Effect.suspend(() => write(unfinished(hasBeenRead), [])),

    cancel: Effect.gen(function* () {
      const kept = unfinished(hasText)
      note ??= {
        id: yield* ids.make("sdk_hidden_context"),
        thread_id: threadId,
        created_at: yield* ids.now,
        type: "sdk_hidden_context",
        content: cancelNote
      }
      yield* commit([...kept, put(note)], undefined)
      // A thread that was deleted has nothing to keep.
    }).pipe(Effect.catchTag("TurnLost", () => Effect.void))
  }
}

/** Whether an unfinished item shows something that the person would miss. */
const hasBeenRead = (item: ThreadItem): boolean =>
  hasText(item) ||
  item.type === "widget" ||
  (item.type === "workflow" && item.workflow.tasks.length > 0)

const inThread = (item: ThreadItem, thread_id: string): ThreadItem =>
  item.thread_id === thread_id ? item : { ...item, thread_id }

/** Whether this change begins to store a new answer. */
const isAnswer = (change: ItemChange): boolean =>
  change.type === "put_item" && change.item.type !== "sdk_hidden_context"

/** A hidden item never reaches a client; one that replaces a visible item removes it there. */
const visible = (
  event: Extract<ResponseEvent, { readonly item: ThreadItem }>
): ReadonlyArray<ThreadStreamEvent> => {
  if (!isHidden(event.item)) return [event]
  return event.type === "thread.item.replaced"
    ? [{ type: "thread.item.removed", item_id: event.item.id }]
    : []
}
