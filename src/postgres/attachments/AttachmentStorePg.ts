import { Array as Arr, Effect, Layer } from "effect"
import {
  type AttachmentFields,
  type AttachmentRecord,
  AttachmentStore
} from "../../attachments/AttachmentStore.ts"
import { AttachmentSpaceFull, TooManyAttachments } from "../../attachments/Errors.ts"
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

/** The class of the advisory locks of users: arbitrary, but the same in every server. */
const countingLock = 724_242_854

/** `AttachmentStore` in the schema `chatkit`. */
export const AttachmentStorePg = Layer.effect(
  AttachmentStore,
  Effect.gen(function* () {
    const { run, sql, transaction } = yield* chatKitTables
    const { removeSoon } = yield* PieceRemoval
    return {
      save: Effect.fn("AttachmentStore.save")(function* (userId, attachment, limits) {
        const { id, metadata, mime_type, name, size } = attachment
        if (!isId(id)) return yield* Effect.die(new Error("an attachment has no usable id"))
        const data: AttachmentFields = { id, name, mime_type, size, metadata }
        // A statement of its own: the next one sees what was saved before it got the lock.
        const lock = sql`select pg_advisory_xact_lock(${countingLock}::int, hashtext(${userId}))`
        const counted = sql<{ saved: boolean; exceeded: "waiting" | "bytes" | null }>`
        with waiting as (
          select id from chatkit.attachments where user_id = ${userId} and thread_id is null
          limit ${limits.waiting}),
        counted as (
          select case
            when exists (select from chatkit.attachments where id = ${id} and user_id = ${userId})
              then null
            when (select count(*) from waiting) >= ${limits.waiting}
              then 'waiting'
            when (select coalesce(sum(size), 0) from chatkit.attachments where user_id = ${userId})
                > ${limits.bytes - size}::bigint
              then 'bytes'
          end as exceeded),
        saved as (
          insert into chatkit.attachments (id, user_id, size, data)
          select ${id}, ${userId}, ${size}::bigint, ${JSON.stringify(data)}::json
          from counted where exceeded is null
          on conflict (id) do update set size = excluded.size, data = excluded.data
          where attachments.user_id = excluded.user_id
          returning id)
        select exceeded, exists (select from saved) as saved from counted`
        const [row] = yield* transaction("AttachmentStore.save", Effect.andThen(lock, counted))
        if (row?.exceeded === "waiting") return yield* new TooManyAttachments()
        if (row?.exceeded === "bytes") {
          return yield* new AttachmentSpaceFull({ limit: limits.bytes })
        }
        if (row?.saved !== true) return yield* Effect.die(new Error("an attachment's id is taken"))
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
