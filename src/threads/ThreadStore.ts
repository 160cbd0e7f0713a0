import { Context, type Effect } from "effect"
import type { DbUnavailable, NotFound } from "../core/Errors.ts"
import type { TooManyAttachments } from "../attachments/Errors.ts"
import type { TurnLost } from "./Errors.ts"
import type { TurnTaken } from "../turns/Errors.ts"
import type { UserId } from "../core/User.ts"
import type { ClientToolCallItem, ThreadItem } from "../protocol/Items.ts"
import type { Page, PageQuery, ThreadMetadata } from "../protocol/Threads.ts"

export interface ItemQuery extends PageQuery {
  /** Whether hidden items are among them; where they are not, `after` cannot name one either. */
  readonly hidden: boolean
  /** The last item of the thread as it is to be seen; what came after it is left out. */
  readonly upTo?: string
}

/** What may change of a thread; null clears a field. */
export interface ThreadPatch {
  readonly title?: ThreadMetadata["title"] | null
  readonly status?: ThreadMetadata["status"]
  readonly allowed_image_domains?: ThreadMetadata["allowed_image_domains"] | null
  readonly metadata?: ThreadMetadata["metadata"]
}

export type Change =
  /** Adds the item at the end, or takes the place of the one that has its id. */
  | { readonly type: "put_item"; readonly item: ThreadItem }
  /** An id the thread does not have is no error. */
  | { readonly type: "delete_item"; readonly item_id: string }
  | { readonly type: "delete_items_after"; readonly item_id: string }
  | { readonly type: "update_thread"; readonly patch: ThreadPatch }
  /** Makes the user's attachments belong to the thread. */
  | { readonly type: "attach"; readonly attachment_ids: ReadonlyArray<string> }

/** An attachment as it is kept; `metadata` is for the server alone. */
export interface AttachmentRecord {
  readonly id: string
  readonly name: string
  readonly mime_type: string
  /** Bytes, as the client stated them. */
  readonly size: number
  /** Whether its bytes are here. */
  readonly uploaded: boolean
  readonly thread_id?: string
  readonly metadata: { readonly [key: string]: unknown }
}

/** How long a turn keeps its thread without a sign of life, in milliseconds. */
export const turnLease = 6_000

/**
 * Where threads are kept, each for one user: to everybody else it does not exist. What one method
 * writes is one transaction; order is the order of writing, so equal times lose nothing.
 */
export class ThreadStore extends Context.Service<
  ThreadStore,
  {
    /** The user's thread, without its items. */
    readonly loadThread: (
      userId: UserId,
      threadId: string
    ) => Effect.Effect<ThreadMetadata, NotFound | DbUnavailable>
    /** Fails with `NotFound` for an `after` that is none of the user's threads. */
    readonly loadThreads: (
      userId: UserId,
      query: PageQuery
    ) => Effect.Effect<Page<ThreadMetadata>, NotFound | DbUnavailable>
    /** Empty for a thread that is not there; `NotFound` for an unknown `after` or `upTo`. */
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

    /** A new thread with what belongs to it from the start; `turn` holds it from then on. */
    readonly createThread: (
      userId: UserId,
      thread: ThreadMetadata,
      changes: ReadonlyArray<Change>,
      turn?: string
    ) => Effect.Effect<void, NotFound | DbUnavailable>
    /** All of it or nothing. With `turn`, only while that turn holds the thread. */
    readonly commit: (
      userId: UserId,
      threadId: string,
      changes: ReadonlyArray<Change>,
      turn?: string
    ) => Effect.Effect<void, NotFound | TurnLost | DbUnavailable>
    /** As `commit` of one patch, and gives the thread as it is then. */
    readonly updateThread: (
      userId: UserId,
      threadId: string,
      patch: ThreadPatch
    ) => Effect.Effect<ThreadMetadata, NotFound | DbUnavailable>
    /** With its items and attachments; an unknown id is no error. */
    readonly deleteThread: (userId: UserId, threadId: string) => Effect.Effect<void, DbUnavailable>

    /**
     * Takes the thread for one turn, through whatever server, and gives it as it is then. Tries
     * once. The turn lasts until `endTurn`, or `turnLease` after its last sign of life.
     */
    readonly beginTurn: (
      userId: UserId,
      threadId: string,
      turn: string
    ) => Effect.Effect<ThreadMetadata, NotFound | TurnTaken | DbUnavailable>
    /** Signs of life of all turns at once. */
    readonly prolongTurns: (turns: ReadonlyArray<string>) => Effect.Effect<void, DbUnavailable>
    readonly endTurn: (
      userId: UserId,
      threadId: string,
      turn: string
    ) => Effect.Effect<void, DbUnavailable>

    /** Refused when a hundred others wait to be used in a message. */
    readonly saveAttachment: (
      userId: UserId,
      attachment: AttachmentRecord
    ) => Effect.Effect<void, TooManyAttachments | DbUnavailable>
    /** In the order of `ids`; `NotFound` when one of them is not the user's. */
    readonly loadAttachments: (
      userId: UserId,
      ids: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyArray<AttachmentRecord>, NotFound | DbUnavailable>
    /** With its bytes; an unknown id is no error. */
    readonly deleteAttachment: (
      userId: UserId,
      attachmentId: string
    ) => Effect.Effect<void, DbUnavailable>
  }
>()("effect-chatkit/threads/ThreadStore") {}
