import { Array as Arr, Effect, Layer } from "effect"
import {
  type AttachmentFields,
  type AttachmentRecord,
  AttachmentStore
} from "../../attachments/AttachmentStore.ts"
import { TooManyAttachments } from "../../attachments/Errors.ts"
import { type DbUnavailable, NotFound } from "../../core/Errors.ts"
import { isId } from "../../core/Ids.ts"
import { chatKitTables } from "../ChatKitTables.ts"
import { type StoredJson, storedAttachments } from "../StoredJson.ts"
import { PieceRemoval } from "./PieceRemoval.ts"

/** A row of `chatkit.attachments`, as `select data, thread_id, upload is not null as uploaded`. */
export interface AttachmentRow extends StoredJson {
  readonly thread_id: string | null
  readonly uploaded: boolean
}

const recordOf = (
  fields: AttachmentFields,
  { thread_id, uploaded }: AttachmentRow
): AttachmentRecord => ({
  ...fields,
  uploaded,
  ...(thread_id === null ? {} : { thread_id })
})

/** The records of rows, in their order. */
export const recordsOf = (
  rows: ReadonlyArray<AttachmentRow>
): Effect.Effect<ReadonlyArray<AttachmentRecord>, DbUnavailable> =>
  Effect.map(storedAttachments(rows), (fields) => Arr.zipWith(fields, rows, recordOf))

/** `AttachmentStore` in the schema `chatkit`. */
export const AttachmentStorePg = Layer.effect(
  AttachmentStore,
  Effect.gen(function* () {
    const { run, sql } = yield* chatKitTables
    const { removeSoon } = yield* PieceRemoval
    return {
      save: Effect.fn("AttachmentStore.save")(function* (userId, attachment, waitingLimit) {
        const { id, metadata, mime_type, name, size } = attachment
        if (!isId(id)) return yield* Effect.die(new Error("an attachment has no usable id"))
        const data: AttachmentFields = { id, name, mime_type, size, metadata }
        const [saved] = yield* run(
          "AttachmentStore.save",
          sql<{ saved: boolean; refused: boolean }>`
        with waiting as (
          select id from chatkit.attachments where user_id = ${userId} and thread_id is null
          limit ${waitingLimit}),
        refused as (
          select from waiting having count(*) >= ${waitingLimit}
            and not exists (
              select from chatkit.attachments where id = ${id} and user_id = ${userId})),
        saved as (
          insert into chatkit.attachments (id, user_id, data)
          select ${id}, ${userId}, ${JSON.stringify(data)}::json where not exists (select from refused)
          on conflict (id) do update set data = excluded.data
          where attachments.user_id = excluded.user_id
          returning id)
        select exists (select from saved) as saved, exists (select from refused) as refused`
        )
        if (saved?.refused === true) return yield* new TooManyAttachments()
        if (saved?.saved !== true)
          return yield* Effect.die(new Error("an attachment's id is taken"))
      }),

      load: Effect.fn("AttachmentStore.load")(function* (userId, ids) {
        if (ids.length === 0) return []
        const rows = ids.every(isId)
          ? yield* run(
              "AttachmentStore.load",
              sql<AttachmentRow>`
            select data, thread_id, upload is not null as uploaded from chatkit.attachments
            where user_id = ${userId} and id = any(${ids}::text[])`
            )
          : []
        const found = new Map((yield* recordsOf(rows)).map((record) => [record.id, record]))
        const records = ids.flatMap((id) => found.get(id) ?? [])
        return records.length < ids.length ? yield* new NotFound({ object: "Attachment" }) : records
      }),

      delete: Effect.fn("AttachmentStore.delete")(function* (userId, attachmentId) {
        if (!isId(attachmentId)) return
        const gone = yield* run(
          "AttachmentStore.delete",
          sql<{ id: string }>`
          delete from chatkit.attachments where id = ${attachmentId} and user_id = ${userId}
          returning id`
        )
        yield* removeSoon(gone.map(({ id }) => id))
      })
    }
  })
).pipe(Layer.provide(PieceRemoval.layer))
