import { Effect } from "effect"
import { SqlClient, type Statement } from "effect/sql"
import type { UserId } from "../core/User.ts"
import { removeOrphans } from "./attachments/PieceRemoval.ts"
import { inTransaction } from "./Transaction.ts"

/** How much was removed. */
export interface Removed {
  readonly threads: number
  readonly items: number
  readonly attachments: number
  readonly bytes: number
}

/**
 * Removes all data of a user, or fails and removes nothing. Files are out of reach with the rest, in
 * one transaction; their bytes are removed after it, and by the sweep when that breaks off.
 */
export const removeUserData = Effect.fn("UserData.remove")(function* (userId: UserId) {
  const sql = yield* SqlClient.SqlClient
  const removal = Effect.gen(function* () {
    // The lock keeps new items out while we count.
    yield* sql`select id from chatkit.threads where user_id = ${userId} order by id for update`
    const files = yield* sql<{ id: string; bytes: number }>`
      with gone as (delete from chatkit.attachments where user_id = ${userId} returning id)
      select id, (select coalesce(sum(octet_length(bytes)), 0)::float8
        from chatkit.attachment_chunks where attachment_id = gone.id) as bytes
      from gone`
    const [items] = yield* sql<{ n: number }>`
      with gone as (
        delete from chatkit.items where thread_id in (
          select id from chatkit.threads where user_id = ${userId}) returning id)
      select count(*)::int as n from gone`
    yield* sql`delete from chatkit.model_usage where user_id = ${userId}`
    const [threads] = yield* sql<{ n: number }>`
      with gone as (delete from chatkit.threads where user_id = ${userId} returning id)
      select count(*)::int as n from gone`
    const removed: Removed = {
      threads: threads?.n ?? 0,
      items: items?.n ?? 0,
      attachments: files.length,
      bytes: files.reduce((sum, { bytes }) => sum + bytes, 0)
    }
    return { removed, files: files.map(({ id }) => id) }
  })
  const { files, removed } = yield* inTransaction(sql)(removal)
  yield* removeOrphans(sql, files, (statement) => statement)
  return removed
})

interface StoredAttachment {
  /** JSON. */
  readonly data: string
  readonly thread_id: string | null
  readonly upload: string | null
  readonly created_at: Date
  /** In hexadecimal digits. */
  readonly sha256: string | null
}

/**
 * Writes one JSON document with all data of a user, hidden items and metadata included, from one
 * snapshot and in the order of writing. Stored JSON is passed through as text, so that it is
 * exported byte for byte. The document is written piece by piece, because it may be large.
 */
export const exportUserData = Effect.fn("UserData.export")(function* <E>(
  userId: UserId,
  write: (text: string) => Effect.Effect<void, E>
) {
  const sql = yield* SqlClient.SqlClient

  /** Handles each row of a statement, with few rows in memory at a time. */
  const forEachRow = Effect.fnUntraced(function* <A extends object, E2>(
    cursor: string,
    select: Statement.Fragment,
    use: (row: A, index: number) => Effect.Effect<void, E2>
  ) {
    yield* sql`declare ${sql(cursor)} cursor for ${select}`
    for (let index = 0; ;) {
      const rows = yield* sql<A>`fetch 10 from ${sql(cursor)}`
      if (rows.length === 0) break
      for (const row of rows) yield* use(row, index++)
    }
    yield* sql`close ${sql(cursor)}`
  })

  const comma = (index: number) => (index === 0 ? "\n" : ",\n")

  /** The text of a JSON object without its closing brace, to add members. */
  const open = (object: string) => object.trimEnd().slice(0, -1)

  const items = (threadId: string) =>
    forEachRow<{ data: string }, E>(
      "items",
      sql`
        select data::text as data from chatkit.items
        where thread_id = ${threadId} order by position`,
      ({ data }, index) => write(comma(index) + data)
    )

  const thread = ({ data, id }: { readonly id: string; readonly data: string }, index: number) =>
    write(`${comma(index)}${open(data)},"items":[`).pipe(
      Effect.andThen(items(id)),
      Effect.andThen(write("]}"))
    )

  /** Base64 of all pieces together: a group of three bytes may span two pieces. */
  const content = Effect.fnUntraced(function* (upload: string) {
    let rest = Buffer.alloc(0)
    yield* forEachRow<{ bytes: Uint8Array }, E>(
      "chunks",
      sql`select bytes from chatkit.attachment_chunks where upload = ${upload} order by n`,
      ({ bytes }) => {
        const all = Buffer.concat([rest, bytes])
        const whole = all.length - (all.length % 3)
        rest = all.subarray(whole)
        return write(all.toString("base64", 0, whole))
      }
    )
    yield* write(rest.toString("base64"))
  })

  const attachment = (stored: StoredAttachment, index: number) => {
    const { created_at, data, sha256, thread_id, upload } = stored
    const columns = JSON.stringify({
      uploaded: upload !== null,
      ...(thread_id === null ? {} : { thread_id }),
      created_at: created_at.toISOString(),
      ...(sha256 === null ? {} : { sha256 })
    })
    const head = write(`${comma(index)}${open(data)},${columns.slice(1, -1)},"content":`)
    return upload === null
      ? Effect.andThen(head, write("null}"))
      : head.pipe(
          Effect.andThen(write(`"`)),
          Effect.andThen(content(upload)),
          Effect.andThen(write(`"}`))
        )
  }

  const document = Effect.gen(function* () {
    yield* sql`set transaction isolation level repeatable read, read only`
    yield* write(`{"user_id":${JSON.stringify(userId)},"threads":[`)
    yield* forEachRow(
      "threads",
      sql`
        select id, data::text as data from chatkit.threads
        where user_id = ${userId} order by position`,
      thread
    )
    yield* write(`],"attachments":[`)
    yield* forEachRow(
      "attachments",
      sql`
        select data::text as data, thread_id, upload, created_at,
          encode(digest, 'hex') as sha256
        from chatkit.attachments where user_id = ${userId} order by created_at, id`,
      attachment
    )
    yield* write(`],"model_usage":[`)
    yield* forEachRow<{ data: string }, E>(
      "usage",
      sql`
        select json_build_object('day', day, 'model', model, 'input_tokens', input_tokens,
          'output_tokens', output_tokens)::text as data
        from chatkit.model_usage where user_id = ${userId} order by day, model`,
      ({ data }, index) => write(comma(index) + data)
    )
    yield* write("]}\n")
  })
  yield* inTransaction(sql)(document)
})
