import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/**
 * Attachments and their bytes. `upload` names the finished upload, null until there is one, and
 * `length` is its bytes; chunks of another upload are remains that may go.
 */
export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    create table chatkit.attachments (
      id text primary key,
      user_id text not null,
      thread_id text references chatkit.threads (id) on delete cascade,
      created_at timestamptz not null default now(),
      upload text,
      length bigint,
      data json not null
    )`
  yield* sql`
    create index waiting_attachments_of_user on chatkit.attachments (user_id, created_at)
    where thread_id is null`
  yield* sql`
    create index waiting_attachments on chatkit.attachments (created_at) where thread_id is null`
  yield* sql`create index attachments_of_thread on chatkit.attachments (thread_id)`
  yield* sql`
    create table chatkit.attachment_chunks (
      upload text not null,
      n integer not null,
      attachment_id text not null references chatkit.attachments (id) on delete cascade,
      created_at timestamptz not null default now(),
      bytes bytea not null,
      primary key (upload, n)
    )`
  yield* sql`create index chunks_of_attachment on chatkit.attachment_chunks (attachment_id)`
  // Bytes that are compressed already, or read in pieces, gain nothing from being packed.
  yield* sql`alter table chatkit.attachment_chunks alter column bytes set storage external`
  yield* sql`create table chatkit.secrets (name text primary key, value text not null)`
  const key = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url")
  yield* sql`insert into chatkit.secrets (name, value) values ('attachment_links', ${key})`
})
