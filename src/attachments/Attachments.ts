// Longer than most files: the service says of each operation what it promises.

import { Context, Effect, Layer, Stream } from "effect"
import { type DbUnavailable, NotFound } from "../core/Errors.ts"
import { Ids } from "../core/Ids.ts"
import type { UserId } from "../core/User.ts"
import type { Attachment } from "../protocol/Attachments.ts"
import type { ThreadItem } from "../protocol/Items.ts"
import { AttachmentContent, type StoredContent } from "./AttachmentContent.ts"
import { AttachmentLinks, type FollowedLink } from "./AttachmentLinks.ts"
import {
  acceptedType,
  type AttachmentRules,
  checkName,
  checkSize,
  type NewFile,
  uploadLimit,
  waitingLimit
} from "./AttachmentRules.ts"
import { type AttachmentFields, type AttachmentRecord, AttachmentStore } from "./AttachmentStore.ts"
import type {
  AlreadyUploaded,
  BytesRefused,
  FileNotTaken,
  LinkInvalid,
  SizeLimit
} from "./Errors.ts"
import { ofType } from "./FileTypes.ts"
import { linkedBy, withFreshLinks } from "./ItemLinks.ts"
import { mediaTypeOf } from "./MediaTypes.ts"
import { ofSize } from "./UploadSize.ts"

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
    ) => Effect.Effect<Attachment, FileNotTaken | DbUnavailable>
    /**
     * Stores the bytes of an attachment that waits for them, or makes sure that it has the same
     * ones already. `open` runs after the link and the attachment are checked, so that the body of a
     * refused request is not read. It is given what the body may have.
     */
    readonly upload: <E, E2, R>(
      link: FollowedLink,
      open: (limit: SizeLimit) => Effect.Effect<Stream.Stream<Uint8Array, E>, E2, R>
    ) => Effect.Effect<
      Attachment,
      E | E2 | LinkInvalid | NotFound | AlreadyUploaded | BytesRefused | DbUnavailable,
      R
    >
    /** Creates an attachment together with its bytes, or leaves nothing behind. */
    readonly uploadDirect: <E>(
      userId: UserId,
      file: NewFile<E>
    ) => Effect.Effect<Attachment, E | NotFound | FileNotTaken | DbUnavailable>
    /** As `uploadDirect`, for a file that the server made: of any type it can be checked for. */
    readonly save: <E>(
      userId: UserId,
      file: NewFile<E>
    ) => Effect.Effect<Attachment, E | NotFound | FileNotTaken | DbUnavailable>
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
    /** Stored items with links to the bytes that there are, for a client or a responder. */
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
        const largest: SizeLimit = { bytes: limit, announced: false }
        const limits = { waiting: waitingLimit, bytes: Number(rules.bytesPerUser) }

        const find = Effect.fnUntraced(function* (userId: UserId, id: string) {
          const [record] = yield* store.load(userId, [id])
          return record ?? (yield* new NotFound({ object: "Attachment" }))
        })

        const write = <E>(
          userId: UserId,
          { id, mime_type }: AttachmentRecord,
          limit: SizeLimit,
          bytes: Stream.Stream<Uint8Array, E>
        ) => content.write(userId, id, bytes.pipe(ofSize(limit), ofType(mediaTypeOf(mime_type))))

        const toAttachment = (userId: UserId, record: AttachmentRecord) =>
          Effect.map(links.maker, ({ toAttachment }) => toAttachment(userId, record))

        const save = Effect.fn("Attachments.save")(function* <E>(
          userId: UserId,
          { bytes, mime_type, name, size: most = limit }: NewFile<E>
        ) {
          yield* checkName(name)
          const id = yield* ids.make("attachment")
          // Until its bytes are here, the file takes up as much room as it may need.
          const reserved = Math.min(most, limit)
          const record = { id, name, mime_type, size: reserved, uploaded: false, metadata: {} }
          // Uninterruptible: a statement under way could arrive after the attachment is removed.
          const saveRecord = (size: number) =>
            Effect.uninterruptible(store.save(userId, { ...record, size }, limits))
          let size = 0
          const counted = Stream.tap(bytes, (chunk) =>
            Effect.sync(() => {
              size += chunk.length
            })
          )
          const written = yield* saveRecord(reserved).pipe(
            Effect.andThen(write(userId, record, { bytes: reserved, announced: false }, counted)),
            Effect.tap(() => saveRecord(size)),
            Effect.onError(() => Effect.ignore(store.delete(userId, id))),
            // Only this upload knows the id.
            Effect.catchTag("AlreadyUploaded", Effect.die)
          )
          return yield* toAttachment(userId, { ...written, size })
        })

        return {
          limit,

          create: Effect.fn("Attachments.create")(function* (userId, file) {
            const { name, size } = file
            yield* checkName(name)
            yield* checkSize(rules, size)
            const mime_type = yield* acceptedType(rules, file)
            const { toAttachment } = yield* links.maker
            const id = yield* ids.make("attachment")
            const record = { id, name, mime_type, size, uploaded: false, metadata: {} }
            yield* store.save(userId, record, limits)
            return toAttachment(userId, record)
          }),

          upload: Effect.fn("Attachments.upload")(function* (link, open) {
            const userId = yield* links.verify("upload", link)
            const record = yield* find(userId, link.attachmentId)
            const { id, size, uploaded } = record
            // Bytes that are to be compared only need no check of their own.
            const limit = uploaded ? largest : uploadLimit(rules, size)
            const bytes = yield* open(limit)
            const written = uploaded
              ? content.write(userId, id, bytes)
              : write(userId, record, limit, bytes)
            return yield* toAttachment(userId, yield* written)
          }),

          uploadDirect: Effect.fn("Attachments.uploadDirect")(function* (userId, file) {
            return yield* save(userId, { ...file, mime_type: yield* acceptedType(rules, file) })
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

          withLinks: Effect.fnUntraced(function* (userId, items) {
            const linked = items.flatMap(linkedBy)
            if (linked.length === 0) return items
            const uploaded = yield* content.uploaded(userId, linked)
            return items.map(withFreshLinks(yield* links.maker, userId, uploaded))
          }),

          sweep: content.removeAbandoned
        }
      })
    )
}
