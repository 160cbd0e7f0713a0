import { Effect } from "effect"
import type { SqlError } from "effect/sql"
import type { DbUnavailable } from "../../core/Errors.ts"
import { chatKitTables } from "../ChatKitTables.ts"

/** Rows that one statement looks at or removes. */
const batchSize = 100

/**
 * Removes attachments without a thread and pieces without an upload, both older than a day, and
 * returns how many rows that were. An attachment first loses its upload, then its pieces, and is
 * removed when it has no piece left. However large the file is, each statement handles one batch,
 * and the work may stop between any two of them.
 */
export const removeAbandoned = Effect.map(
  chatKitTables,
  ({ run, sql }): Effect.Effect<number, DbUnavailable> => {
    const sweep = <A>(statement: Effect.Effect<A, SqlError.SqlError>) =>
      run("AttachmentContent.removeAbandoned", statement)

    const old = sql`created_at < now() - interval '1 day'`

    const forgetUploads = sweep(sql`
      update chatkit.attachments set upload = null, length = null
      where thread_id is null and id in (
        select id from chatkit.attachments
        where thread_id is null and ${old} and upload is not null limit ${batchSize})
      returning id`)

    const removeEmpty = sweep(sql`
      delete from chatkit.attachments
      where thread_id is null and id in (
        select id from chatkit.attachments a
        where thread_id is null and ${old} and not exists (
          select from chatkit.attachment_chunks where attachment_id = a.id)
        limit ${batchSize})
      returning id`)

    /** Handles the batch of pieces after this one, and returns the last piece it looked at. */
    const removePieces = (upload: string, n: number) =>
      sweep(sql<{ removed: number; upload: string; n: number }>`
        with page as (
          select upload, n, attachment_id, ${old} as old from chatkit.attachment_chunks
          where (upload, n) > (${upload}::text, ${n}::int) order by upload, n limit ${batchSize}),
        gone as (
          delete from chatkit.attachment_chunks c using page p
          where c.upload = p.upload and c.n = p.n and p.old and not exists (
            select from chatkit.attachments a where a.id = p.attachment_id and a.upload = p.upload)
          returning 1)
        select (select count(*)::int from gone) as removed, upload, n from page
        order by upload desc, n desc limit 1`)

    /** Repeats a step while it finds a full batch. */
    const all = Effect.fnUntraced(function* (step: typeof removeEmpty) {
      let count = 0
      let rows
      do {
        rows = yield* step
        count += rows.length
      } while (rows.length === batchSize)
      return count
    })

    return Effect.gen(function* () {
      yield* all(forgetUploads)
      let pieces = 0
      let [last] = yield* removePieces("", -1)
      while (last !== undefined) {
        pieces += last.removed
        const next = yield* removePieces(last.upload, last.n)
        last = next[0]
      }
      return pieces + (yield* all(removeEmpty))
    })
  }
)
