import { Context, type Effect, type Stream } from "effect"
import type { AlreadyUploaded } from "./Errors.ts"
import type { DbUnavailable, NotFound } from "../core/Errors.ts"
import type { UserId } from "../core/User.ts"
import type { AttachmentRecord } from "./AttachmentStore.ts"

/** Where the bytes of attachments are kept. They pass through in pieces; no file is ever whole in memory. */
export class AttachmentContent extends Context.Service<
  AttachmentContent,
  {
    /**
     * Keeps the bytes and marks the attachment as uploaded, or leaves no trace when the stream
     * fails or another upload was first.
     */
    readonly write: <E>(
      userId: UserId,
      attachmentId: string,
      bytes: Stream.Stream<Uint8Array, E>
    ) => Effect.Effect<AttachmentRecord, E | NotFound | AlreadyUploaded | DbUnavailable>
    /** `NotFound` too while there are no bytes yet. */
    readonly read: (
      userId: UserId,
      attachmentId: string
    ) => Effect.Effect<
      {
        readonly attachment: AttachmentRecord
        /** Bytes there really are. */
        readonly length: number
        readonly bytes: Stream.Stream<Uint8Array, DbUnavailable>
      },
      NotFound | DbUnavailable
    >
    /** Removes what was never used in a message for a day, and what broken uploads left; how many. */
    readonly removeAbandoned: Effect.Effect<number, DbUnavailable>
  }
>()("effect-chatkit/attachments/AttachmentContent") {}
