import { Context, Effect, Layer, Queue } from "effect"
import type { SqlClient } from "effect/sql"
import { chatKitTables } from "../ChatKitTables.ts"

/** Pieces that one statement removes: 8 MiB, a fraction of what `Timeouts.statement` allows. */
export const piecesAtOnce = 32

/** Attachments whose pieces one statement looks for. */
const attachmentsAtOnce = 100

/** Deletions that may wait for their turn; what comes on top of them is left to the sweep. */
const waitingDeletions = 1000

/** Removes one batch of the pieces of attachments that have no row any more. */
const orphans = (sql: SqlClient.SqlClient, attachmentIds: ReadonlyArray<string>) => sql`
  delete from chatkit.attachment_chunks c
  using (
    select upload, n from chatkit.attachment_chunks p
    where attachment_id = any(${attachmentIds}::text[])
      and not exists (select from chatkit.attachments a where a.id = p.attachment_id)
    limit ${piecesAtOnce}) gone
  where c.upload = gone.upload and c.n = gone.n
  returning c.n`

/**
 * Removes all pieces of attachments that have no row any more. `run` runs each statement. It may
 * stop between any two of them, and be repeated.
 */
export const removeOrphans = <E>(
  sql: SqlClient.SqlClient,
  attachmentIds: ReadonlyArray<string>,
  run: (statement: ReturnType<typeof orphans>) => Effect.Effect<ReadonlyArray<object>, E>
): Effect.Effect<void, E> =>
  Effect.gen(function* () {
    for (let at = 0; at < attachmentIds.length; at += attachmentsAtOnce) {
      const some = attachmentIds.slice(at, at + attachmentsAtOnce)
      yield* Effect.repeat(run(orphans(sql, some)), {
        while: ({ length }) => length === piecesAtOnce
      })
    }
  })

/**
 * Removes the pieces of deleted attachments after their rows, which are gone at once. One statement
 * runs at a time, beside the requests.
 */
export class PieceRemoval extends Context.Service<
  PieceRemoval,
  {
    /** Does not wait. The sweep removes what an outage or the end of the server leaves. */
    readonly removeSoon: (attachmentIds: ReadonlyArray<string>) => Effect.Effect<void>
  }
>()("effect-chatkit/postgres/attachments/PieceRemoval") {
  static readonly layer = Layer.effect(
    PieceRemoval,
    Effect.gen(function* () {
      const { run, sql } = yield* chatKitTables
      const deletions = yield* Queue.dropping<ReadonlyArray<string>>(waitingDeletions)
      yield* Queue.take(deletions).pipe(
        Effect.flatMap((ids) =>
          removeOrphans(sql, ids, (statement) => run("PieceRemoval.removeSoon", statement))
        ),
        // The outage is logged already.
        Effect.catchTag("DbUnavailable", () => Effect.void),
        Effect.catchDefect((defect) => Effect.logError("defect", defect)),
        Effect.forever,
        Effect.forkScoped
      )
      return {
        removeSoon: (ids) =>
          ids.length === 0 ? Effect.void : Effect.asVoid(Queue.offer(deletions, ids))
      }
    })
  )
}
