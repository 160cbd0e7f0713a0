import type { Effect, Stream } from "effect"
import type { DbUnavailable, NotFound } from "../core/Errors.ts"
import type { IdKind } from "../core/Ids.ts"
import type { Action } from "../protocol/Actions.ts"
import type { Attachment } from "../protocol/Attachments.ts"
import type { ResponseEventInput } from "../protocol/Events.ts"
import type { ItemBase, ThreadItem, UserMessageItem, WidgetItem } from "../protocol/Items.ts"
import type { Page, PageQuery, ThreadMetadata } from "../protocol/Threads.ts"
import type { FileRefused } from "./Errors.ts"

/** A file that a responder made. */
export interface NewFile {
  readonly name: string
  readonly mime_type: string
  readonly bytes: Uint8Array
}

/** The thread that a responder answers in, and its tools for the answer. */
export interface Turn {
  /** The thread as it is now. */
  readonly thread: Effect.Effect<ThreadMetadata>
  /** Changes title, status, image domains or metadata. It is stored and sent after the next event. */
  readonly updateThread: (change: (thread: ThreadMetadata) => ThreadMetadata) => Effect.Effect<void>
  /** The thread's items, including hidden ones. By default the newest 20, newest first. */
  readonly history: (
    query?: Partial<PageQuery>
  ) => Effect.Effect<Page<ThreadItem>, NotFound | DbUnavailable>
  /** The id, thread and time of a new item. */
  readonly newItem: (kind: IdKind) => Effect.Effect<ItemBase>
  /**
   * Sends events from anywhere inside the turn, as from a tool while the model waits for it. They
   * are stored first, and the effect ends when the client's connection has taken them. If they
   * cannot be stored or violate the protocol, it dies, and the whole answer ends with that failure.
   * After the end of the turn it does nothing.
   */
  readonly emit: (...events: ReadonlyArray<ResponseEventInput>) => Effect.Effect<void>
  /** The bytes of an attachment of the current user, in pieces; at most `ATTACHMENT_LIMIT`. */
  readonly read: (attachmentId: string) => Stream.Stream<Uint8Array, NotFound | DbUnavailable>
  /**
   * Stores a file for the current user, as a picture that a model made. A `generated_image` item
   * whose `image.id` is the attachment's id belongs to the thread and keeps a link that works.
   */
  readonly attach: (file: NewFile) => Effect.Effect<Attachment, FileRefused | DbUnavailable>
  /** The language the caller prefers, as in `de-CH`, if the request names one. */
  readonly locale: string | undefined
  /** The id of the request, as in the log and in `x-request-id`. */
  readonly requestId: string
}

export interface MessageTurn extends Turn {
  /** Undefined after a tool output or a structured input, which are in the history. */
  readonly message: UserMessageItem | undefined
}

export interface ActionTurn extends Turn {
  readonly action: Action
  /** The widget that the action came from, if the client named one. */
  readonly sender: WidgetItem | undefined
}
