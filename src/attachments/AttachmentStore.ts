import { Context, type Effect, Schema } from "effect"
import type { DbUnavailable, NotFound } from "../core/Errors.ts"
import type { UserId } from "../core/User.ts"
import type { AttachmentSpaceFull, TooManyAttachments } from "./Errors.ts"

/** The fields that the server states; `metadata` is for the server alone. */
export const AttachmentFields = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  mime_type: Schema.String,
  /** Bytes, as the client stated them: an upload has no more. */
  size: Schema.Finite,
  metadata: Schema.Record(Schema.String, Schema.Unknown)
})
export type AttachmentFields = typeof AttachmentFields.Type

/** An attachment as it is stored, without its bytes. */
export interface AttachmentRecord extends AttachmentFields {
  /** Whether its bytes are stored. */
  readonly uploaded: boolean
  readonly thread_id?: string
}

/** The most that the attachments of one user may come to. */
export interface AttachmentLimits {
  /** Attachments that wait to be used in a message. */
  readonly waiting: number
  /** Bytes of all attachments together, as they were stated. */
  readonly bytes: number
}

/**
 * The records of attachments, without their bytes. To everybody but its user an attachment does
 * not exist. Only `ThreadStore` changes which thread an attachment belongs to, and only
 * `AttachmentContent` changes whether its bytes are stored: `save` changes neither.
 */
export class AttachmentStore extends Context.Service<
  AttachmentStore,
  {
    /**
     * Adds an attachment or overwrites its fields. A new one is refused when it would exceed the
     * limits of its user, however many are saved at the same moment.
     */
    readonly save: (
      userId: UserId,
      attachment: AttachmentRecord,
      limits: AttachmentLimits
    ) => Effect.Effect<void, TooManyAttachments | AttachmentSpaceFull | DbUnavailable>
    /** In the order of `ids`; `NotFound` when the user does not have one of them. */
    readonly load: (
      userId: UserId,
      ids: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyArray<AttachmentRecord>, NotFound | DbUnavailable>
    /** Deletes its bytes too; an unknown id is not an error. */
    readonly delete: (userId: UserId, attachmentId: string) => Effect.Effect<void, DbUnavailable>
  }
>()("effect-chatkit/attachments/AttachmentStore") {}
