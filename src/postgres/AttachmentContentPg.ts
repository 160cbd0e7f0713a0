import { Effect, Layer, Option, Stream } from "effect"
import { AttachmentContent } from "../attachments/AttachmentContent.ts"
import { AlreadyUploaded } from "../attachments/Errors.ts"
import { DbUnavailable, NotFound } from "../core/Errors.ts"
import type { UserId } from "../core/User.ts"
import { removeAbandoned } from "./AbandonedAttachments.ts"
import { type AttachmentRow, recordOf } from "./AttachmentStorePg.ts"
import { chatKitTables } from "./ChatKitTables.ts"
import { isId } from "../core/Ids.ts"

/** Bytes in one row, and so what one upload or download holds in memory. */
const pieceSize = 256 * 1024

/** Rows that one statement removes. */
const batch = 100

const notFound = new NotFound({ object: "Attachment" })

/**
 * `AttachmentContent` in PostgreSQL, a row for each piece. An upload has a name of its own and
 * counts from the one statement that makes it the attachment's: until then nobody sees its pieces.
 */
export const AttachmentContentPg = Layer.effect(
  AttachmentContent,
  Effect.gen(function* () {
    const { run, sql } = yield* chatKitTables

    /** Fails unless the attachment is there and waits for its bytes. */
    const waiting = Effect.fnUntraced(function* (userId: UserId, id: string) {
      const [row] = yield* run(
        "AttachmentContent.write",
        sql<{ uploaded: boolean }>`
          select upload is not null as uploaded from chatkit.attachments
          where id = ${id} and user_id = ${userId}`
      )
      if (row === undefined) return yield* notFound
      if (row.uploaded) return yield* new AlreadyUploaded()
    })

    const keep = Effect.fnUntraced(function* (
      userId: UserId,
      id: string,
      upload: string,
      n: number,
      piece: Uint8Array
    ) {
      const kept = yield* run(
        "AttachmentContent.write",
        sql`
          insert into chatkit.attachment_chunks (upload, n, attachment_id, bytes)
          select ${upload}::text, ${n}::int, id, ${piece}::bytea from chatkit.attachments
          where id = ${id} and user_id = ${userId} and upload is null
          for key share
          returning n`
      )
      if (kept.length === 0) return yield* Effect.andThen(waiting(userId, id), notFound)
    })

    const finish = Effect.fnUntraced(function* (
      userId: UserId,
      id: string,
      upload: string,
      length: number
    ) {
      const [row] = yield* run(
        "AttachmentContent.write",
        sql<AttachmentRow>`
          update chatkit.attachments set upload = ${upload}, length = ${length}::bigint
          where id = ${id} and user_id = ${userId} and upload is null
          returning data, thread_id, true as uploaded`
      )
      return row === undefined
        ? yield* Effect.andThen(waiting(userId, id), notFound)
        : recordOf(row)
    })

    const remove = Effect.fnUntraced(function* (upload: string, pieces: number) {
      for (let n = 0; n < pieces; n += batch) {
        yield* run(
          "AttachmentContent.write",
          sql`
            delete from chatkit.attachment_chunks
            where upload = ${upload} and n >= ${n}::int and n < ${n + batch}::int`
        )
      }
    })

    const piece = Effect.fnUntraced(function* (upload: string, n: number) {
      const [row] = yield* run(
        "AttachmentContent.read",
        sql<{ bytes: Uint8Array }>`
          select bytes from chatkit.attachment_chunks where upload = ${upload} and n = ${n}::int`
      )
      return row === undefined
        ? yield* new DbUnavailable({ operation: "AttachmentContent.read" })
        : row.bytes
    })

    return {
      write: Effect.fn("AttachmentContent.write")(function* (userId, id, bytes) {
        if (!isId(id)) return yield* notFound
        yield* waiting(userId, id)
        const upload = crypto.randomUUID()
        let pieces = 0
        let length = 0
        // Without an answer to the last statement nobody knows whose the pieces are.
        let isOurs = true
        // A statement under way is waited for, or its piece would come after the removal of the others.
        const store = (piece: Uint8Array) =>
          Effect.uninterruptible(
            Effect.suspend(() => {
              length += piece.length
              return keep(userId, id, upload, pieces++, piece)
            })
          )
        const end = Effect.suspend(() => {
          isOurs = false
          return Effect.tapError(finish(userId, id, upload, length), (error) =>
            Effect.sync(() => {
              isOurs = error._tag !== "DbUnavailable"
            })
          )
        })
        return yield* inPieces(bytes).pipe(
          Stream.runForEach(store),
          Effect.andThen(Effect.uninterruptible(end)),
          Effect.onError(() => (isOurs ? Effect.ignore(remove(upload, pieces)) : Effect.void))
        )
      }),

      read: Effect.fn("AttachmentContent.read")(function* (userId, id) {
        if (!isId(id)) return yield* notFound
        const [row] = yield* run(
          "AttachmentContent.read",
          sql<AttachmentRow & { upload: string; length: number }>`
            select data, thread_id, true as uploaded, upload, length::float8 as length
            from chatkit.attachments
            where id = ${id} and user_id = ${userId} and upload is not null`
        )
        if (row === undefined) return yield* notFound
        const { length, upload } = row
        // Each piece is a statement of its own: a slow reader holds no connection.
        const bytes = Stream.paginate({ n: 0, left: length }, ({ left, n }) =>
          left <= 0
            ? Effect.succeed([[], Option.none()] as const)
            : Effect.map(piece(upload, n), (bytes) => {
                const next = { n: n + 1, left: left - bytes.length }
                return [[bytes], Option.some(next)] as const
              })
        )
        return { attachment: recordOf(row), length, bytes }
      }),

      removeAbandoned: yield* removeAbandoned
    }
  })
)

const inPieces = <E>(bytes: Stream.Stream<Uint8Array, E>) =>
  Stream.mapAccum(
    bytes,
    () => ({ piece: new Uint8Array(pieceSize), filled: 0 }),
    (held, chunk) => {
      const full: Array<Uint8Array> = []
      for (let at = 0; at < chunk.length;) {
        const part = chunk.subarray(at, at + pieceSize - held.filled)
        held.piece.set(part, held.filled)
        held.filled += part.length
        at += part.length
        if (held.filled === pieceSize) {
          full.push(held.piece)
          held = { piece: new Uint8Array(pieceSize), filled: 0 }
        }
      }
      return [held, full] as const
    },
    { onHalt: ({ filled, piece }) => (filled === 0 ? [] : [piece.subarray(0, filled)]) }
  )
