import { Effect } from "effect"
import { SqlClient, type Statement } from "effect/sql"
import type { ThreadItem } from "../protocol/Items.ts"
import type { ThreadMetadata } from "../protocol/Threads.ts"
import type { UserId } from "../core/User.ts"
import { type AttachmentRow, recordOf } from "./AttachmentStorePg.ts"

/** What was there of a user. */
export interface Removed {
  readonly threads: number
  readonly items: number
  readonly attachments: number
  readonly bytes: number
}

/** Removes all that is kept of a user, or fails and removes nothing. */
export const removeUserData = Effect.fn("UserData.remove")(function* (userId: UserId) {
  const sql = yield* SqlClient.SqlClient
  const removal = Effect.gen(function* () {
    // Nothing is written to a thread any more while its items are counted.
    yield* sql`select id from chatkit.threads where user_id = ${userId} order by id for update`
    const [files] = yield* sql<Pick<Removed, "attachments" | "bytes">>`
      with gone as (delete from chatkit.attachments where user_id = ${userId} returning id)
      select (select count(*)::int from gone) as attachments,
        (select coalesce(sum(octet_length(bytes)), 0)::float8 from chatkit.attachment_chunks
          where attachment_id in (
            select id from chatkit.attachments where user_id = ${userId})) as bytes`
    const [items] = yield* sql<{ n: number }>`
      with gone as (
        delete from chatkit.items where thread_id in (
          select id from chatkit.threads where user_id = ${userId}) returning id)
      select count(*)::int as n from gone`
    const [threads] = yield* sql<{ n: number }>`
      with gone as (delete from chatkit.threads where user_id = ${userId} returning id)
      select count(*)::int as n from gone`
    const removed: Removed = {
      threads: threads?.n ?? 0,
      items: items?.n ?? 0,
      attachments: files?.attachments ?? 0,
      bytes: files?.bytes ?? 0
    }
    return removed
  })
  return yield* sql.withTransaction(removal)
})

/**
 * Writes one JSON document with all that is kept of a user, hidden items and metadata included, as
 * it is at one moment and in the order of writing. It is written piece by piece, because nobody
 * knows how much there is.
 */
export const exportUserData = Effect.fn("UserData.export")(function* <E>(
  userId: UserId,
  write: (text: string) => Effect.Effect<void, E>
) {
  const sql = yield* SqlClient.SqlClient

  /** Does something with each row of a statement, and has few of them at a time. */
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

  /** An object whose last member is still to come. */
  const begun = (object: object, member: string) =>
    `${JSON.stringify(object).slice(0, -1)},"${member}":`

  const items = (threadId: string) =>
    forEachRow<{ data: ThreadItem }, E>(
      "items",
      sql`select data from chatkit.items where thread_id = ${threadId} order by position`,
      ({ data }, index) => write(comma(index) + JSON.stringify(data))
    )

  const thread = ({ data }: { readonly data: ThreadMetadata }, index: number) =>
    write(`${comma(index)}${begun(data, "items")}[`).pipe(
      Effect.andThen(items(data.id)),
      Effect.andThen(write("]}"))
    )

  /** Every three bytes are four letters, wherever the pieces end. */
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

  const attachment = (
    row: AttachmentRow & { readonly created_at: Date; readonly upload: string | null },
    index: number
  ) => {
    const known = { ...recordOf(row), created_at: row.created_at.toISOString() }
    const head = write(comma(index) + begun(known, "content"))
    return row.upload === null
      ? Effect.andThen(head, write("null}"))
      : head.pipe(
          Effect.andThen(write(`"`)),
          Effect.andThen(content(row.upload)),
          Effect.andThen(write(`"}`))
        )
  }

  const document = Effect.gen(function* () {
    yield* sql`set transaction isolation level repeatable read, read only`
    yield* write(`{"user_id":${JSON.stringify(userId)},"threads":[`)
    yield* forEachRow(
      "threads",
      sql`select data from chatkit.threads where user_id = ${userId} order by position`,
      thread
    )
    yield* write(`],"attachments":[`)
    yield* forEachRow(
      "attachments",
      sql`
        select data, thread_id, upload is not null as uploaded, upload, created_at
        from chatkit.attachments where user_id = ${userId} order by created_at, id`,
      attachment
    )
    yield* write("]}\n")
  })
  yield* sql.withTransaction(document)
})
