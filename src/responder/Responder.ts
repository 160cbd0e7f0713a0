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
  /** Answers a message of the current user, or continues after a tool output or structured input. */
  readonly respond: (turn: MessageTurn) => Answer.Answer
  /** Answers the action of a widget with a stream. */
  readonly action: (turn: ActionTurn) => Answer.Answer
  /** Answers the action of a widget with the updated item, which is not stored. */
  readonly syncAction: (
    action: SyncAction
  ) => Effect.Effect<typeof ThreadItem.Encoded | undefined, unknown, CurrentUser>
  readonly addFeedback: (feedback: Feedback) => Effect.Effect<void, unknown, CurrentUser>
  readonly transcribe: (
    dictation: Dictation
  ) => Effect.Effect<{ readonly text: string }, unknown, CurrentUser>
  /** Whether the client shows its Stop button. It can close the connection in any case. */
  readonly streamOptions: (thread: ThreadMetadata) => StreamOptions
}

const unsupported = new ResponderFailed({ reason: "unsupported" })

/**
 * The source of answers: the one interface between ChatKit and a model or anything else that answers.
 *
 * @effect-expect-leaking CurrentUser
 */
export class Responder extends Context.Service<Responder, ResponderShape>()(
  "effect-chatkit/responder/Responder"
) {
  /**
   * Makes a responder from `respond` and any other operations. By default actions and dictation are
   * unsupported, feedback is ignored, and the client shows its Stop button.
   */
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
