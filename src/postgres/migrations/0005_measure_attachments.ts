import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/**
 * `size` is the bytes that an attachment was announced with, of which a user may have so many in
 * all; `digest` is the SHA-256 of its finished upload, null for those that ended before there were
 * digests. The size is found in the text of `data`: its operators fail at some of what it may hold,
 * and the quotes of a name or an id are escaped there.
 */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    alter table chatkit.attachments
      add column size bigint not null default 0, add column digest bytea`
  yield* sql`
    update chatkit.attachments
    set size = coalesce(length, substring(data::text from ${',"size":([0-9]{1,16})'})::bigint, 0)`
  yield* sql`create index attachments_of_user on chatkit.attachments (user_id) include (size)`
})
