import { Effect, Layer, Option, Stream } from "effect"
import { AttachmentContent } from "../../attachments/AttachmentContent.ts"
import { AlreadyUploaded } from "../../attachments/Errors.ts"
import { DbUnavailable, NotFound } from "../../core/Errors.ts"
import type { UserId } from "../../core/User.ts"
import { removeAbandoned } from "./AbandonedAttachments.ts"
import { type AttachmentRow, recordsOf } from "./AttachmentStorePg.ts"
import { chatKitTables } from "../ChatKitTables.ts"
import { isId } from "../../core/Ids.ts"
import { piecesAtOnce } from "./PieceRemoval.ts"

/** Bytes in one row. An upload or a download has one such piece in memory. */
const pieceSize = 256 * 1024

const notFound = new NotFound({ object: "Attachment" })

/**
 * `AttachmentContent` in PostgreSQL, a row for each piece. Every upload has a random name. One
 * statement at its end makes it the attachment's upload; before that nobody sees its pieces.
 */
export const AttachmentContentPg = Layer.effect(
  AttachmentContent,
  Effect.gen(function* () {
    const { run, sql } = yield* chatKitTables

    /** Fails unless the attachment exists and waits for its bytes. */
    const requireWaiting = Effect.fnUntraced(function* (userId: UserId, id: string) {
      const [row] = yield* run(
        "AttachmentContent.write",
        sql<{ uploaded: boolean }>`
          select upload is not null as uploaded from chatkit.attachments
          where id = ${id} and user_id = ${userId}`
      )
      if (row === undefined) return yield* notFound
      if (row.uploaded) return yield* new AlreadyUploaded()
    })

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
      if (inserted.length === 0) {
        return yield* Effect.andThen(requireWaiting(userId, id), notFound)
      }
    })

    const finish = Effect.fnUntraced(function* (
      userId: UserId,
      id: string,
      upload: string,
      length: number
    ) {
      const rows = yield* run(
        "AttachmentContent.write",
        sql<AttachmentRow>`
          update chatkit.attachments set upload = ${upload}, length = ${length}::bigint
          where id = ${id} and user_id = ${userId} and upload is null
          returning data, thread_id, true as uploaded`
      )
      const [record] = yield* recordsOf(rows)
      return record ?? (yield* Effect.andThen(requireWaiting(userId, id), notFound))
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

    /** Only while the attachment has its row: its pieces may remain for a while longer. */
    const loadPiece = Effect.fnUntraced(function* (id: string, upload: string, n: number) {
      const [row] = yield* run(
        "AttachmentContent.read",
        sql<{ bytes: Uint8Array }>`
          select c.bytes from chatkit.attachment_chunks c
          join chatkit.attachments a on a.id = c.attachment_id and a.upload = c.upload
          where c.upload = ${upload} and c.n = ${n}::int and a.id = ${id}`
      )
      return row === undefined
        ? yield* new DbUnavailable({ operation: "AttachmentContent.read" })
        : row.bytes
    })

    return {
      write: Effect.fn("AttachmentContent.write")(function* (userId, id, bytes) {
        if (!isId(id)) return yield* notFound
        yield* requireWaiting(userId, id)
        const upload = crypto.randomUUID()
        let pieces = 0
        let length = 0
        /** False from the last statement on, until that has certainly failed. */
        let mayRemove = true
        // Uninterruptible: a statement under way would insert its piece after the removal.
        const store = (piece: Uint8Array) =>
          Effect.uninterruptible(
            Effect.suspend(() => {
              length += piece.length
              return insertPiece(userId, id, upload, pieces++, piece)
            })
          )
        const end = Effect.suspend(() => {
          mayRemove = false
          return Effect.tapError(finish(userId, id, upload, length), (error) =>
            Effect.sync(() => {
              mayRemove = error._tag !== "DbUnavailable"
            })
          )
        })
        return yield* inPieces(bytes).pipe(
          Stream.runForEach(store),
          Effect.andThen(Effect.uninterruptible(end)),
          Effect.onError(() =>
            mayRemove ? Effect.ignore(removePieces(upload, pieces)) : Effect.void
          )
        )
      }),

      read: Effect.fn("AttachmentContent.read")(function* (userId, id) {
        if (!isId(id)) return yield* notFound
        const rows = yield* run(
          "AttachmentContent.read",
          sql<AttachmentRow & { upload: string; length: number }>`
            select data, thread_id, true as uploaded, upload, length::float8 as length
            from chatkit.attachments
            where id = ${id} and user_id = ${userId} and upload is not null`
        )
        const [row] = rows
        const [attachment] = yield* recordsOf(rows)
        if (row === undefined || attachment === undefined) return yield* notFound
        const { length, upload } = row
        // Each piece is a statement of its own: a slow reader holds no connection.
        const bytes = Stream.paginate({ n: 0, left: length }, ({ left, n }) =>
          left <= 0
            ? Effect.succeed([[], Option.none()] as const)
            : Effect.map(loadPiece(id, upload, n), (bytes) => {
                const next = { n: n + 1, left: left - bytes.length }
                return [[bytes], Option.some(next)] as const
              })
        )
        return { attachment, length, bytes }
      }),

      removeAbandoned: yield* removeAbandoned
    }
  })
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
