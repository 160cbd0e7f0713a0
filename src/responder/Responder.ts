import { Context, Effect, Stream } from "effect"
import type { CurrentUser } from "../auth/CurrentUser.ts"
import type { Action } from "../protocol/Actions.ts"
import type { StreamOptions } from "../protocol/Events.ts"
import type { ThreadItem, WidgetItem } from "../protocol/Items.ts"
import type { ThreadMetadata } from "../protocol/Threads.ts"
import type * as Answer from "./Answer.ts"
import { ResponderFailed } from "./Errors.ts"
import type { ActionTurn, MessageTurn } from "./Turn.ts"

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
