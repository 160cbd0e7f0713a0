import { Effect } from "effect"
import type { SqlError } from "effect/sql"
import type { DbUnavailable } from "../../core/Errors.ts"
import { chatKitTables } from "../ChatKitTables.ts"
import { piecesAtOnce } from "./PieceRemoval.ts"

/** Attachments that one statement removes. */
const attachmentsAtOnce = 100

/**
 * Removes attachments without a thread that are older than a day, pieces without an attachment, and
 * pieces older than a day that belong to no finished upload. Returns how many rows that were.
 * However large the files are, each statement handles one batch, and the work may stop between any
 * two of them.
 */
export const removeAbandoned = Effect.map(
  chatKitTables,
  ({ run, sql }): Effect.Effect<number, DbUnavailable> => {
    const sweep = <A>(statement: Effect.Effect<A, SqlError.SqlError>) =>
      run("AttachmentContent.removeAbandoned", statement)

    const old = sql`created_at < now() - interval '1 day'`

    const removeUnused = sweep(sql`
      delete from chatkit.attachments
      where thread_id is null and id in (
        select id from chatkit.attachments where thread_id is null and ${old}
        limit ${attachmentsAtOnce})
      returning id`)

    /** Handles the batch of pieces after this one, and returns the last piece it looked at. */
    const removePieces = (upload: string, n: number) =>
      sweep(sql<{ removed: number; upload: string; n: number }>`
        with page as (
          select upload, n, attachment_id, ${old} as old from chatkit.attachment_chunks
          where (upload, n) > (${upload}::text, ${n}::int) order by upload, n
          limit ${piecesAtOnce}),
        gone as (
          delete from chatkit.attachment_chunks c using page p
          where c.upload = p.upload and c.n = p.n and not exists (
            select from chatkit.attachments a
            where a.id = p.attachment_id and (a.upload = p.upload or not p.old))
          returning 1)
        select (select count(*)::int from gone) as removed, upload, n from page
        order by upload desc, n desc limit 1`)

    return Effect.gen(function* () {
      let count = 0
      let unused
      do {
        unused = yield* removeUnused
        count += unused.length
      } while (unused.length === attachmentsAtOnce)
      let [last] = yield* removePieces("", -1)
      while (last !== undefined) {
        count += last.removed
        const next = yield* removePieces(last.upload, last.n)
        last = next[0]
      }
      return count
    })
  }
)
