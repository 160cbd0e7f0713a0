import { Effect, Layer, Option, Stream } from "effect"
import { AttachmentContent } from "../../attachments/AttachmentContent.ts"
import { DbUnavailable, NotFound } from "../../core/Errors.ts"
import { isId } from "../../core/Ids.ts"
import { chatKitTables } from "../ChatKitTables.ts"
import { removeAbandoned } from "./AbandonedAttachments.ts"
import { type AttachmentRow, recordsOf } from "./AttachmentStorePg.ts"
import { attachmentUpload } from "./AttachmentUpload.ts"

const notFound = new NotFound({ object: "Attachment" })

/** `AttachmentContent` in PostgreSQL, a row for each piece of an upload. */
export const AttachmentContentPg = Layer.effect(
  AttachmentContent,
  Effect.gen(function* () {
    const { run, sql } = yield* chatKitTables

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
      write: yield* attachmentUpload,

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

      uploaded: Effect.fn("AttachmentContent.uploaded")(function* (userId, ids) {
        const rows = yield* run(
          "AttachmentContent.uploaded",
          sql<{ id: string }>`
            select id from chatkit.attachments
            where user_id = ${userId} and id = any(${ids.filter(isId)}::text[])
              and upload is not null`
        )
        return new Set(rows.map(({ id }) => id))
      }),

      removeAbandoned: yield* removeAbandoned
    }
  })
)
