import { Context, type Effect } from "effect"
import type { DbUnavailable, NotFound } from "../core/Errors.ts"
import type { TooLargeToStore, TurnLost } from "./Errors.ts"
import type { UserId } from "../core/User.ts"
import type { ClientToolCallItem, ThreadItem } from "../protocol/Items.ts"
import { type Page, pageBytes, type PageQuery, type ThreadMetadata } from "../protocol/Threads.ts"

export interface ItemQuery extends PageQuery {
  /** Whether to include hidden items; without them `after` cannot name one either. */
  readonly hidden: boolean
  /** The last item to see; later ones are left out. */
  readonly upTo?: string
  /** Bytes after which the page ends; `pageBytes` if they are not given. */
  readonly bytes?: number | undefined
}

/** The fields of a thread that may change; null clears a field. */
export interface ThreadPatch {
  readonly title?: ThreadMetadata["title"] | null
  readonly status?: ThreadMetadata["status"]
  readonly allowed_image_domains?: ThreadMetadata["allowed_image_domains"] | null
  readonly metadata?: ThreadMetadata["metadata"]
}

/** The thread with these changes. */
export const patched = (thread: ThreadMetadata, patch: ThreadPatch): ThreadMetadata =>
  Object.fromEntries(
    Object.entries({ ...thread, ...patch }).filter(([, value]) => value !== null)
  ) as unknown as ThreadMetadata

export type Change =
  /** Adds the item at the end, or takes the place of the one that has its id. */
  | { readonly type: "put_item"; readonly item: ThreadItem }
  /** An unknown id is not an error. */
  | { readonly type: "delete_item"; readonly item_id: string }
  | { readonly type: "delete_items_after"; readonly item_id: string }
  | { readonly type: "update_thread"; readonly patch: ThreadPatch }
  /** Makes the user's attachments belong to the thread. */
  | { readonly type: "attach"; readonly attachment_ids: ReadonlyArray<string> }

/** Bytes of JSON that one item, or the fields of one thread, may have: those of a page. */
export const mostBytes = pageBytes

/** Whether a JSON text has more than `mostBytes`. */
export const isTooLarge = (json: string): boolean =>
  // In UTF-8 a unit of UTF-16 has three bytes at most.
  json.length * 3 > mostBytes && Buffer.byteLength(json) > mostBytes

/** How long a turn's lease on its thread lasts, in milliseconds, unless it is renewed. */
export const turnLease = 6_000

/**
 * Threads and their items. To everybody but its user a thread does not exist. Each method writes
 * in one transaction. Order is the order of writing, so that items of the same time keep theirs.
 * Anything larger than `mostBytes` is not written.
 */
export class ThreadStore extends Context.Service<
  ThreadStore,
  {
    /** The user's thread, without its items. */
    readonly loadThread: (
      userId: UserId,
      threadId: string
    ) => Effect.Effect<ThreadMetadata, NotFound | DbUnavailable>
    /** The user's thread and its first visible items, oldest first, at one moment; `bytes` as in a query. */
    readonly loadThreadWithItems: (
      userId: UserId,
      threadId: string,
      limit: number,
      bytes?: number
    ) => Effect.Effect<
      { readonly thread: ThreadMetadata; readonly items: Page<ThreadItem> },
      NotFound | DbUnavailable
    >
    /** Fails with `NotFound` when the user has no thread `after`. */
    readonly loadThreads: (
      userId: UserId,
      query: PageQuery
    ) => Effect.Effect<Page<ThreadMetadata>, NotFound | DbUnavailable>
    /** Empty for an unknown thread; `NotFound` for an unknown `after` or `upTo`. */
    readonly loadThreadItems: (
      userId: UserId,
      threadId: string,
      query: ItemQuery
    ) => Effect.Effect<Page<ThreadItem>, NotFound | DbUnavailable>
    readonly loadItem: (
      userId: UserId,
      threadId: string,
      itemId: string
    ) => Effect.Effect<ThreadItem, NotFound | DbUnavailable>
    /** The newest first, a hundred at most. */
    readonly loadPendingToolCalls: (
      userId: UserId,
      threadId: string
    ) => Effect.Effect<ReadonlyArray<ClientToolCallItem>, DbUnavailable>

    /** A new thread with its first items. With `turn`, that turn has the thread's lease. */
    readonly createThread: (
      userId: UserId,
      thread: ThreadMetadata,
      changes: ReadonlyArray<Change>,
      turn?: string
    ) => Effect.Effect<void, NotFound | TooLargeToStore | DbUnavailable>
    /** Writes all changes or none; with `turn`, only while that turn has the thread's lease. */
    readonly commit: (
      userId: UserId,
      threadId: string,
      changes: ReadonlyArray<Change>,
      turn?: string
    ) => Effect.Effect<void, NotFound | TurnLost | TooLargeToStore | DbUnavailable>
    /** Commits one patch and gives the thread as it is then. */
    readonly updateThread: (
      userId: UserId,
      threadId: string,
      patch: ThreadPatch
    ) => Effect.Effect<ThreadMetadata, NotFound | TooLargeToStore | DbUnavailable>
    /** Deletes its items and attachments too; an unknown id is not an error. */
    readonly deleteThread: (userId: UserId, threadId: string) => Effect.Effect<void, DbUnavailable>
  }
>()("effect-chatkit/threads/ThreadStore") {}
