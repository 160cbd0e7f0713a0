import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import type { DbUnavailable } from "../domain/Errors.ts"
import type { ownTables } from "./OwnTables.ts"

/**
 * Removes attachments without a thread and pieces without an upload, both older than a day; how
 * many rows. An attachment first loses its upload, then its pieces, and goes when it has none: no
 * statement has more to do than one batch, however large the file, and all may stop in between.
 */
export const abandoned = (
  { run, sql }: Pick<Effect.Success<typeof ownTables>, "run"> & { sql: SqlClient.SqlClient },
  batch: number
): Effect.Effect<number, DbUnavailable> => {
  const sweep = <A extends object>(statement: Parameters<typeof run<ReadonlyArray<A>, never>>[1]) =>
    run("AttachmentContent.removeAbandoned", statement)

  const aDayAgo = sql`now() - interval '1 day'`

  const unused = sql`thread_id is null and created_at < ${aDayAgo}`

  const forget = sweep(sql`
    update chatkit.attachments set upload = null, length = null
    where thread_id is null and id in (
      select id from chatkit.attachments where ${unused} and upload is not null limit ${batch})
    returning id`)

  const remove = sweep(sql`
    delete from chatkit.attachments
    where thread_id is null and id in (
      select id from chatkit.attachments a where ${unused} and not exists (
        select from chatkit.attachment_chunks where attachment_id = a.id) limit ${batch})
    returning id`)

  /** Looks at the pieces after this one. */
  const removePieces = (upload: string, n: number) =>
    sweep<{ removed: number; upload: string; n: number }>(sql`
      with page as (
        select upload, n, attachment_id, created_at from chatkit.attachment_chunks
        where (upload, n) > (${upload}::text, ${n}::int) order by upload, n limit ${batch}),
      gone as (
        delete from chatkit.attachment_chunks c using page p
        where c.upload = p.upload and c.n = p.n and p.created_at < ${aDayAgo} and not exists (
          select from chatkit.attachments a where a.id = p.attachment_id and a.upload = p.upload)
        returning 1)
      select (select count(*)::int from gone) as removed, upload, n from page
      order by upload desc, n desc limit 1`)

  return Effect.gen(function* () {
    let count = 0
    while ((yield* forget).length === batch);
    let [last] = yield* removePieces("", -1)
    while (last !== undefined) {
      count += last.removed
      ;[last] = yield* removePieces(last.upload, last.n)
    }
    for (let removed = batch; removed === batch;) {
      removed = (yield* remove).length
      count += removed
    }
    return count
  })
}
