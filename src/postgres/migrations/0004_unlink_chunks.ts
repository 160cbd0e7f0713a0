import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/**
 * Deleting an attachment no longer deletes its chunks in the same statement, which would take
 * minutes for a gigabyte: chunks without an attachment are remains that are removed in batches.
 */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    alter table chatkit.attachment_chunks drop constraint attachment_chunks_attachment_id_fkey`
})
