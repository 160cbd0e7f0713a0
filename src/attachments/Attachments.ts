import { Context, Effect, Layer, Stream } from "effect"
import { type DbUnavailable, NotFound } from "../core/Errors.ts"
import { Ids } from "../core/Ids.ts"
import type { UserId } from "../core/User.ts"
import type { Attachment } from "../protocol/Attachments.ts"
import type { ThreadItem } from "../protocol/Items.ts"
import { AttachmentContent, type StoredContent } from "./AttachmentContent.ts"
import { AttachmentLinks, type FollowedLink } from "./AttachmentLinks.ts"
import { type AttachmentRules, checkFile, type NewFile, waitingLimit } from "./AttachmentRules.ts"
import { type AttachmentFields, type AttachmentRecord, AttachmentStore } from "./AttachmentStore.ts"
import {
  AlreadyUploaded,
  type AttachmentTooLarge,
  type AttachmentTypeRefused,
  type LinkInvalid,
  type TooManyAttachments,
  type UploadMalformed
} from "./Errors.ts"
import { ofType } from "./FileTypes.ts"
import { hasAttachments, withFreshLinks } from "./ItemLinks.ts"
import { mediaTypeOf } from "./MediaTypes.ts"
import { ofSize } from "./UploadSize.ts"

type FileRefusal = AttachmentTooLarge | AttachmentTypeRefused
type UploadRefusal = FileRefusal | UploadMalformed

/**
 * Attachments from their creation to their removal. Methods take the id of the user who asks, or a
 * signed link that names the user.
 */
export class Attachments extends Context.Service<
  Attachments,
  {
    /** Bytes that one attachment may have. */
    readonly limit: number
    /** Creates an attachment that waits for its bytes, with a link to upload them. */
    readonly create: (
      userId: UserId,
      file: Pick<AttachmentFields, "name" | "mime_type" | "size">
    ) => Effect.Effect<Attachment, FileRefusal | TooManyAttachments | DbUnavailable>
    /**
     * Stores the bytes of an attachment that waits for them. `open` runs after the link and the
     * attachment are checked, so that the body of a refused request is not read.
     */
    readonly upload: <E, E2, R>(
      link: FollowedLink,
      open: Effect.Effect<Stream.Stream<Uint8Array, E>, E2, R>
    ) => Effect.Effect<
      Attachment,
      E | E2 | LinkInvalid | NotFound | AlreadyUploaded | UploadRefusal | DbUnavailable,
      R
    >
    /** Creates an attachment together with its bytes, or leaves nothing behind. */
    readonly uploadDirect: <E>(
      userId: UserId,
      file: NewFile<E>
    ) => Effect.Effect<
      Attachment,
      E | NotFound | UploadRefusal | TooManyAttachments | DbUnavailable
    >
    /** As `uploadDirect`, for a file that the server made: of any type it can be checked for. */
    readonly save: <E>(
      userId: UserId,
      file: NewFile<E>
    ) => Effect.Effect<
      Attachment,
      E | NotFound | UploadRefusal | TooManyAttachments | DbUnavailable
    >
    readonly read: (
      link: FollowedLink
    ) => Effect.Effect<StoredContent, LinkInvalid | NotFound | DbUnavailable>
    /** The bytes of the user's own attachment. */
    readonly readOwn: (
      userId: UserId,
      attachmentId: string
    ) => Effect.Effect<StoredContent, NotFound | DbUnavailable>
    /** An unknown id is not an error. */
    readonly remove: (userId: UserId, attachmentId: string) => Effect.Effect<void, DbUnavailable>
    /** The attachments of a message that is about to be stored in the thread. */
    readonly forMessage: (
      userId: UserId,
      threadId: string,
      ids: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyArray<Attachment>, NotFound | DbUnavailable>
    /** Stored items with links that work, for a client or a responder. */
    readonly withLinks: <A extends ThreadItem>(
      userId: UserId,
      items: ReadonlyArray<A>
    ) => Effect.Effect<ReadonlyArray<A>, DbUnavailable>
    /** Removes what no message used for a day, and returns how many rows that were. */
    readonly sweep: Effect.Effect<number, DbUnavailable>
  }
>()("effect-chatkit/attachments/Attachments") {
  static readonly layer = (rules: AttachmentRules) =>
    Layer.effect(
      Attachments,
      Effect.gen(function* () {
        const store = yield* AttachmentStore
        const content = yield* AttachmentContent
        const links = yield* AttachmentLinks
        const ids = yield* Ids
        const limit = Number(rules.limit)

        const findWaiting = Effect.fnUntraced(function* (userId: UserId, id: string) {
          const [record] = yield* store.load(userId, [id])
          if (record === undefined) return yield* new NotFound({ object: "Attachment" })
          return record.uploaded ? yield* new AlreadyUploaded() : record
        })

        const write = <E>(
          userId: UserId,
          { id, mime_type }: AttachmentRecord,
          bytes: Stream.Stream<Uint8Array, E>
        ) => {
          const checked = bytes.pipe(ofSize(limit), ofType(mediaTypeOf(mime_type)))
          return content.write(userId, id, checked)
        }

        const toAttachment = (userId: UserId, record: AttachmentRecord) =>
          Effect.map(links.maker, ({ toAttachment }) => toAttachment(userId, record))

        const save = Effect.fn("Attachments.save")(function* <E>(
          userId: UserId,
          { bytes, mime_type, name }: NewFile<E>
        ) {
          const id = yield* ids.make("attachment")
          const record = { id, name, mime_type, size: 0, uploaded: false, metadata: {} }
          // Uninterruptible: a statement under way could arrive after the attachment is removed.
          const saveRecord = (size: number) =>
            Effect.uninterruptible(store.save(userId, { ...record, size }, waitingLimit))
          let size = 0
          const counted = Stream.tap(bytes, (chunk) =>
            Effect.sync(() => {
              size += chunk.length
            })
          )
          const written = yield* saveRecord(0).pipe(
            Effect.andThen(write(userId, record, counted)),
            Effect.tap(() => saveRecord(size)),
            Effect.onError(() => Effect.ignore(store.delete(userId, id))),
            // Only this upload knows the id.
            Effect.catchTag("AlreadyUploaded", Effect.die)
          )
          return yield* toAttachment(userId, { ...written, size })
        })

        return {
          limit,

          create: Effect.fn("Attachments.create")(function* (userId, { mime_type, name, size }) {
            yield* checkFile(rules, { size, mime_type })
            const { toAttachment } = yield* links.maker
            const id = yield* ids.make("attachment")
            const record = { id, name, mime_type, size, uploaded: false, metadata: {} }
            yield* store.save(userId, record, waitingLimit)
            return toAttachment(userId, record)
          }),

          upload: Effect.fn("Attachments.upload")(function* (link, open) {
            const userId = yield* links.verify("upload", link)
            const record = yield* findWaiting(userId, link.attachmentId)
            return yield* toAttachment(userId, yield* write(userId, record, yield* open))
          }),

          uploadDirect: Effect.fn("Attachments.uploadDirect")(function* (userId, file) {
            yield* checkFile(rules, { size: 0, mime_type: file.mime_type })
            return yield* save(userId, file)
          }),

          save,

          read: Effect.fn("Attachments.read")(function* (link) {
            const userId = yield* links.verify("content", link)
            return yield* content.read(userId, link.attachmentId)
          }),

          readOwn: content.read,

          remove: store.delete,

          forMessage: Effect.fnUntraced(function* (userId, thread_id, ids) {
            if (ids.length === 0) return []
            const records = yield* store.load(userId, ids)
            const { toAttachment } = yield* links.maker
            return records.map((record) => toAttachment(userId, { ...record, thread_id }))
          }),

          withLinks: (userId, items) =>
            items.some(hasAttachments)
              ? Effect.map(links.maker, (maker) => items.map(withFreshLinks(maker, userId)))
              : Effect.succeed(items),

          sweep: content.removeAbandoned
        }
      })
    )
}
