import { Context, Effect, Stream } from "effect"
import type { CurrentUser } from "../auth/CurrentUser.ts"
import { type DbUnavailable, type NotFound } from "../core/Errors.ts"
import { ResponderFailed } from "./Errors.ts"
import type * as Answer from "./Answer.ts"
import type { Action } from "../protocol/Actions.ts"
import type { StreamOptions } from "../protocol/Events.ts"
import type { IdKind } from "../core/Ids.ts"
import type { ItemBase, ThreadItem, UserMessageItem, WidgetItem } from "../protocol/Items.ts"
import type { PageQuery } from "../protocol/Threads.ts"
import type { Page, ThreadMetadata } from "../protocol/Threads.ts"

/** What a responder can see and do while it answers. */
export interface Turn {
  /** The thread as it is now. */
  readonly thread: Effect.Effect<ThreadMetadata>
  /** Changes title, status, image domains or metadata; stored, and shown after the next event. */
  readonly updateThread: (change: (thread: ThreadMetadata) => ThreadMetadata) => Effect.Effect<void>
  /** The thread's items, hidden ones included, newest first and 20 unless asked otherwise. */
  readonly history: (
    query?: Partial<PageQuery>
  ) => Effect.Effect<Page<ThreadItem>, NotFound | DbUnavailable>
  /** Id, thread and time of a new item. */
  readonly newItem: (kind: IdKind) => Effect.Effect<ItemBase>
}

export interface MessageTurn extends Turn {
  /** Nothing after a tool output or a structured input: the history has it. */
  readonly message: UserMessageItem | undefined
}

export interface ActionTurn extends Turn {
  readonly action: Action
  /** The widget that was touched, when there was one. */
  readonly sender: WidgetItem | undefined
}

export interface SyncAction {
  readonly thread: ThreadMetadata
  readonly action: Action
  readonly sender: WidgetItem | undefined
}

export interface Feedback {
  readonly thread: ThreadMetadata
  readonly item_ids: ReadonlyArray<string>
  readonly kind: "positive" | "negative"
}

export interface Dictation {
  readonly audio: Uint8Array
  /** As the client sent it, as in `audio/webm;codecs=opus`. */
  readonly mime_type: string
  /** Without its parameters. */
  readonly media_type: string
}

export interface ResponderShape {
  /** Answers a message of the current user, or goes on after a tool output or structured input. */
  readonly respond: (turn: MessageTurn) => Answer.Answer
  /** Answers a widget's action. */
  readonly action: (turn: ActionTurn) => Answer.Answer
  /** Answers a widget's action at once, with the item as it is to be shown, which is not stored. */
  readonly syncAction: (
    action: SyncAction
  ) => Effect.Effect<typeof ThreadItem.Encoded | undefined, unknown, CurrentUser>
  readonly addFeedback: (feedback: Feedback) => Effect.Effect<void, unknown, CurrentUser>
  readonly transcribe: (
    dictation: Dictation
  ) => Effect.Effect<{ readonly text: string }, unknown, CurrentUser>
  /** Whether the client shows its Stop button; it can always hang up. */
  readonly streamOptions: (thread: ThreadMetadata) => StreamOptions
}

const unsupported = new ResponderFailed({ reason: "unsupported" })

/**
 * Where the words come from: the one seam between ChatKit and a model, or whatever answers.
 *
 * @effect-expect-leaking CurrentUser
 */
export class Responder extends Context.Service<Responder, ResponderShape>()(
  "effect-chatkit/responder/Responder"
) {
  /** A responder that answers messages, and does of the rest what it is given. */
  static readonly make = (
    own: Pick<ResponderShape, "respond"> & Partial<ResponderShape>
  ): ResponderShape => ({
    action: () => Stream.fail(unsupported),
    syncAction: () => Effect.fail(unsupported),
    addFeedback: () => Effect.void,
    transcribe: () => Effect.fail(unsupported),
    streamOptions: () => ({ allow_cancel: true }),
    ...own
  })
}
