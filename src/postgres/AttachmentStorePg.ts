import { Effect, Layer } from "effect"
import { type AttachmentRecord, AttachmentStore } from "../attachments/AttachmentStore.ts"
import { TooManyAttachments } from "../attachments/Errors.ts"
import { NotFound } from "../core/Errors.ts"
import { isId } from "../core/Ids.ts"
import { chatKitTables } from "./ChatKitTables.ts"

/** A row of `chatkit.attachments`, as `select data, thread_id, upload is not null as uploaded`. */
export interface AttachmentRow {
  readonly data: Pick<AttachmentRecord, "id" | "name" | "mime_type" | "size" | "metadata">
  readonly thread_id: string | null
  readonly uploaded: boolean
}

export const recordOf = ({ data, thread_id, uploaded }: AttachmentRow): AttachmentRecord => ({
  ...data,
  uploaded,
  ...(thread_id === null ? {} : { thread_id })
})

/** Attachments of one user that wait to be used in a message. */
const mostWaiting = 100

/** `AttachmentStore` in the schema `chatkit`. */
export const AttachmentStorePg = Layer.effect(
  AttachmentStore,
  Effect.map(chatKitTables, ({ run, sql }): AttachmentStore["Service"] => ({
    save: Effect.fn("AttachmentStore.save")(function* (userId, attachment) {
      const { id, metadata, mime_type, name, size } = attachment
      if (!isId(id)) return yield* Effect.die(new Error("an attachment has no usable id"))
      const data: AttachmentRow["data"] = { id, name, mime_type, size, metadata }
      const [saved] = yield* run(
        "AttachmentStore.save",
        sql<{ saved: boolean; refused: boolean }>`
        with waiting as (
          select id from chatkit.attachments where user_id = ${userId} and thread_id is null
          limit ${mostWaiting}),
        refused as (
          select from waiting having count(*) >= ${mostWaiting}
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
      if (saved?.saved !== true) return yield* Effect.die(new Error("an attachment's id is taken"))
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
      const found = new Map(rows.map((row) => [row.data.id, recordOf(row)]))
      const records = ids.flatMap((id) => found.get(id) ?? [])
      return records.length < ids.length ? yield* new NotFound({ object: "Attachment" }) : records
    }),

    delete: Effect.fn("AttachmentStore.delete")(function* (userId, attachmentId) {
      if (!isId(attachmentId)) return
      yield* run(
        "AttachmentStore.delete",
        sql`delete from chatkit.attachments where id = ${attachmentId} and user_id = ${userId}`
      )
    })
  }))
)
