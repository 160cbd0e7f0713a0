import { Context, type Effect } from "effect"
import type { DbUnavailable, NotFound } from "../core/Errors.ts"
import type { UserId } from "../core/User.ts"
import type { TooManyAttachments } from "./Errors.ts"

/** An attachment as it is stored; `metadata` is for the server alone. */
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

/**
 * The records of attachments, without their bytes. To everybody but its user an attachment does
 * not exist. `ThreadStore` alone says which thread an attachment belongs to, and
 * `AttachmentContent` alone whether its bytes are here: `save` changes neither.
 */
export class AttachmentStore extends Context.Service<
  AttachmentStore,
  {
    /** Refused when a hundred others wait to be used in a message. */
    readonly save: (
      userId: UserId,
      attachment: AttachmentRecord
    ) => Effect.Effect<void, TooManyAttachments | DbUnavailable>
    /** In the order of `ids`; `NotFound` when the user does not have one of them. */
    readonly load: (
      userId: UserId,
      ids: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyArray<AttachmentRecord>, NotFound | DbUnavailable>
    /** Deletes its bytes too; an unknown id is not an error. */
    readonly delete: (userId: UserId, attachmentId: string) => Effect.Effect<void, DbUnavailable>
  }
>()("effect-chatkit/attachments/AttachmentStore") {}
