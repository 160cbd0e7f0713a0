import { createHash } from "node:crypto"
import { Effect, Stream } from "effect"
import type { AttachmentContent } from "../../attachments/AttachmentContent.ts"
import { AlreadyUploaded } from "../../attachments/Errors.ts"
import { NotFound } from "../../core/Errors.ts"
import { isId } from "../../core/Ids.ts"
import type { UserId } from "../../core/User.ts"
import { chatKitTables } from "../ChatKitTables.ts"
import { type AttachmentRow, recordsOf } from "./AttachmentStorePg.ts"
import { piecesAtOnce } from "./PieceRemoval.ts"

/** Bytes in one row. An upload or a download has one such piece in memory. */
const pieceSize = 256 * 1024

const notFound = new NotFound({ object: "Attachment" })

/**
 * `AttachmentContent.write` in PostgreSQL. Every upload has a random name. One statement at its end
 * makes it the attachment's upload; before that nobody sees its pieces. When another one has ended
 * before, the rest is only compared with it.
 */
export const attachmentUpload = Effect.map(
  chatKitTables,
  ({ run, sql }): AttachmentContent["Service"]["write"] => {
    /** The finished upload of the attachment, or undefined while it waits for its bytes. */
    const finishedUpload = Effect.fnUntraced(function* (userId: UserId, id: string) {
      const rows = yield* run(
        "AttachmentContent.write",
        sql<AttachmentRow & { length: number; digest: Uint8Array | null }>`
          select data, thread_id, upload is not null as uploaded,
            length::float8 as length, digest from chatkit.attachments
          where id = ${id} and user_id = ${userId}`
      )
      const [row] = rows
      const [record] = yield* recordsOf(rows)
      if (row === undefined || record === undefined) return yield* notFound
      const { digest, length, uploaded } = row
      return uploaded ? { record, length, digest } : undefined
    })

    /** The upload because of which this one could do nothing, unless the attachment is deleted. */
    const otherUpload = Effect.fnUntraced(function* (userId: UserId, id: string) {
      return (yield* finishedUpload(userId, id)) ?? (yield* notFound)
    })

    /** False when the attachment does not wait for bytes any more. */
    const insertPiece = Effect.fnUntraced(function* (
      userId: UserId,
      id: string,
      upload: string,
      n: number,
      piece: Uint8Array
    ) {
      const inserted = yield* run(
        "AttachmentContent.write",
        sql`
          insert into chatkit.attachment_chunks (upload, n, attachment_id, bytes)
          select ${upload}::text, ${n}::int, id, ${piece}::bytea from chatkit.attachments
          where id = ${id} and user_id = ${userId} and upload is null
          for key share
          returning n`
      )
      return inserted.length > 0
    })

    /** Undefined when the attachment does not wait for bytes any more. */
    const finish = Effect.fnUntraced(function* (
      userId: UserId,
      id: string,
      upload: string,
      content: { readonly length: number; readonly digest: Uint8Array }
    ) {
      const rows = yield* run(
        "AttachmentContent.write",
        sql<AttachmentRow>`
          update chatkit.attachments
          set upload = ${upload}, length = ${content.length}::bigint,
            digest = ${content.digest}::bytea
          where id = ${id} and user_id = ${userId} and upload is null
          returning data, thread_id, true as uploaded`
      )
      const [record] = yield* recordsOf(rows)
      return record
    })

    const removePieces = Effect.fnUntraced(function* (upload: string, pieces: number) {
      for (let n = 0; n < pieces; n += piecesAtOnce) {
        yield* run(
          "AttachmentContent.write",
          sql`
            delete from chatkit.attachment_chunks
            where upload = ${upload} and n >= ${n}::int and n < ${n + piecesAtOnce}::int`
        )
      }
    })

    return Effect.fn("AttachmentContent.write")(function* (userId, id, bytes) {
      if (!isId(id)) return yield* notFound
      let other = yield* finishedUpload(userId, id)
      const upload = crypto.randomUUID()
      const hash = createHash("sha256")
      let pieces = 0
      let length = 0
      /** False from the last statement on, until that has certainly failed. */
      let mayRemove = true

      const store = Effect.fnUntraced(function* (piece: Uint8Array) {
        length += piece.length
        hash.update(piece)
        if (other === undefined && !(yield* insertPiece(userId, id, upload, pieces++, piece))) {
          other = yield* otherUpload(userId, id)
        }
        if (other !== undefined && length > other.length) return yield* new AlreadyUploaded()
      })

      const end = Effect.gen(function* () {
        const digest = hash.digest()
        if (other === undefined) {
          mayRemove = false
          const record = yield* finish(userId, id, upload, { length, digest })
          if (record !== undefined) return record
          mayRemove = true
          other = yield* otherUpload(userId, id)
        }
        const same = other.digest !== null && digest.equals(other.digest)
        return same ? other.record : yield* new AlreadyUploaded()
      })

      return yield* inPieces(bytes).pipe(
        // Uninterruptible: a statement under way would insert its piece after the removal.
        Stream.runForEach((piece) => Effect.uninterruptible(store(piece))),
        Effect.andThen(Effect.uninterruptible(end)),
        Effect.ensuring(
          Effect.suspend(() =>
            mayRemove ? Effect.ignore(removePieces(upload, pieces)) : Effect.void
          )
        )
      )
    })
  }
)

const inPieces = <E>(bytes: Stream.Stream<Uint8Array, E>) =>
  Stream.mapAccum(
    bytes,
    () => ({ piece: new Uint8Array(pieceSize), filled: 0 }),
    (current, chunk) => {
      const full: Array<Uint8Array> = []
      for (let at = 0; at < chunk.length;) {
        const part = chunk.subarray(at, at + pieceSize - current.filled)
        current.piece.set(part, current.filled)
        current.filled += part.length
        at += part.length
        if (current.filled === pieceSize) {
          full.push(current.piece)
          current = { piece: new Uint8Array(pieceSize), filled: 0 }
        }
      }
      return [current, full] as const
    },
    { onHalt: ({ filled, piece }) => (filled === 0 ? [] : [piece.subarray(0, filled)]) }
  )
