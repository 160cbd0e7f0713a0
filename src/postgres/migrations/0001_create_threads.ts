import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/**
 * `data` is `json`, not `jsonb`: it keeps every text a client may send (U+0000, lone surrogates)
 * and the order of members. `position` is the order of writing.
 */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    create table chatkit.threads (
      id text primary key,
      user_id text not null,
      position bigint generated always as identity,
      data json not null,
      turn text,
      turn_until timestamptz
    )`
  yield* sql`create unique index threads_of_user on chatkit.threads (user_id, position)`
  yield* sql`create index threads_in_turn on chatkit.threads (turn) where turn is not null`
  yield* sql`
    create table chatkit.items (
      thread_id text not null references chatkit.threads (id) on delete cascade,
      id text not null,
      user_id text not null,
      position bigint generated always as identity,
      hidden boolean not null,
      pending boolean not null,
      data json not null,
      primary key (thread_id, id)
    )`
  yield* sql`create unique index items_of_thread on chatkit.items (thread_id, position)`
  yield* sql`
    create unique index visible_items_of_thread on chatkit.items (thread_id, position)
    where not hidden`
  yield* sql`
    create unique index pending_items_of_thread on chatkit.items (thread_id, position)
    where pending`
})
