import { Context, type Effect, type Stream } from "effect"
import type { DbUnavailable, NotFound } from "../core/Errors.ts"
import type { UserId } from "../core/User.ts"
import type { AttachmentRecord } from "./AttachmentStore.ts"
import type { AlreadyUploaded } from "./Errors.ts"

/** The bytes of an attachment that is uploaded. */
export interface StoredContent {
  readonly attachment: AttachmentRecord
  /** Bytes that are stored, whatever the client stated. */
  readonly length: number
  readonly bytes: Stream.Stream<Uint8Array, DbUnavailable>
}

/** The bytes of attachments. They pass through in pieces; no file is ever whole in memory. */
export class AttachmentContent extends Context.Service<
  AttachmentContent,
  {
    /**
     * Stores the bytes and marks the attachment as uploaded. It leaves no trace when the stream
     * fails or another upload ends first. Bytes that the attachment has already are read to their
     * end and not stored again, so that an upload may be repeated; the first piece that goes beyond
     * them is the last that is read. Fails with `AlreadyUploaded` when they are others.
     */
    readonly write: <E>(
      userId: UserId,
      attachmentId: string,
      bytes: Stream.Stream<Uint8Array, E>
    ) => Effect.Effect<AttachmentRecord, E | NotFound | AlreadyUploaded | DbUnavailable>
    /** Fails with `NotFound` also while the bytes are missing. */
    readonly read: (
      userId: UserId,
      attachmentId: string
    ) => Effect.Effect<StoredContent, NotFound | DbUnavailable>
    /** Those of the attachments whose bytes the user has here. */
    readonly uploaded: (
      userId: UserId,
      attachmentIds: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlySet<string>, DbUnavailable>
    /**
     * Removes attachments that were not used in a message for a day, and the remains of uploads
     * that broke off. Returns how many rows that were.
     */
    readonly removeAbandoned: Effect.Effect<number, DbUnavailable>
  }
>()("effect-chatkit/attachments/AttachmentContent") {}
