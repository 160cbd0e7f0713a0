import { Effect, Layer } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import type { ThreadItem, ThreadMetadata } from "../chatkit/Entities.ts"
import { pageOf, ThreadStore } from "../chatkit/ThreadStore.ts"
import { NotFound } from "../domain/Errors.ts"
import { isLayoutError, Outage } from "./Outage.ts"
import { ThreadSchema } from "./ThreadSchema.ts"

/** What an id can look like; anything else is no id, and is kept away from statements. */
const isId = (id: string) => /^[\x21-\x7e]{1,128}$/.test(id)

const noThread = new NotFound({ object: "Thread" })

/** `ThreadStore` in the schema `chatkit` of PostgreSQL. */
export const ThreadStorePg = Layer.effect(
  ThreadStore,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const schema = yield* ThreadSchema
    const { guard } = yield* Outage

    const run = <A, E>(operation: string, statement: Effect.Effect<A, E | SqlError.SqlError>) => {
      // A database restored under a running server has lost what the migrations made.
      const restored = Effect.catchIf(
        statement,
        (error) => SqlError.isSqlError(error) && isLayoutError(error),
        () => Effect.andThen(schema.forget, Effect.andThen(schema.ready, statement))
      )
      return Effect.andThen(schema.ready, guard(`ThreadStore.${operation}`)(restored))
    }

    const first = <A>(rows: ReadonlyArray<A>) =>
      rows[0] === undefined ? Effect.fail(noThread) : Effect.succeed(rows[0])

    const ofThread = <A, E>(
      id: string,
      effect: Effect.Effect<A, E>
    ): Effect.Effect<A, E | NotFound> => (isId(id) ? effect : Effect.fail(noThread))

    const page = <A extends { readonly id: string }>(
      rows: Effect.Effect<ReadonlyArray<{ readonly data: A }>, SqlError.SqlError>,
      limit: number
    ) =>
      Effect.map(rows, (found) =>
        pageOf(
          found.map(({ data }) => data),
          limit
        )
      )

    const json = (value: ThreadMetadata | ThreadItem) => JSON.stringify(value)

    return {
      create: (userId, thread, item) =>
        run(
          "create",
          Effect.asVoid(sql`
            with thread as (
              insert into chatkit.threads (id, user_id, data)
              values (${thread.id}, ${userId}, ${json(thread)}::json))
            insert into chatkit.items (thread_id, id, user_id, data)
            values (${thread.id}, ${item.id}, ${userId}, ${json(item)}::json)`)
        ),

      load: (userId, threadId) =>
        ofThread(
          threadId,
          run(
            "load",
            sql<{ data: ThreadMetadata }>`
              select data from chatkit.threads where id = ${threadId} and user_id = ${userId}`.pipe(
              Effect.flatMap(first),
              Effect.map(({ data }) => data)
            )
          )
        ),

      list: (userId, { after, limit, order }) => {
        const descending = order === "desc"
        const sorted = descending ? sql`order by position desc` : sql`order by position`
        const beyond = (position: string) =>
          descending
            ? sql`and position < ${position}::bigint`
            : sql`and position > ${position}::bigint`
        const select = (from = sql``) =>
          page(
            sql<{ data: ThreadMetadata }>`
              select data from chatkit.threads where user_id = ${userId} ${from} ${sorted}
              limit ${limit + 1}`,
            limit
          )
        if (after === null) return run("list", select())
        return ofThread(
          after,
          run(
            "list",
            sql<{ position: string }>`
              select position::text as position from chatkit.threads
              where id = ${after} and user_id = ${userId}`.pipe(
              Effect.flatMap(first),
              Effect.flatMap(({ position }) => select(beyond(position)))
            )
          )
        )
      },

      addItem: (userId, item) =>
        ofThread(
          item.thread_id,
          run(
            "addItem",
            sql`
              insert into chatkit.items (thread_id, id, user_id, data)
              select id, ${item.id}, user_id, ${json(item)}::json from chatkit.threads
              where id = ${item.thread_id} and user_id = ${userId}
              returning id`.pipe(Effect.flatMap(first), Effect.asVoid)
          )
        ),

      firstItems: (userId, threadId, limit) =>
        isId(threadId)
          ? run(
              "firstItems",
              page(
                sql<{ data: ThreadItem }>`
                  select data from chatkit.items
                  where thread_id = ${threadId} and user_id = ${userId}
                  order by position limit ${limit + 1}`,
                limit
              )
            )
          : Effect.succeed(pageOf<ThreadItem>([], limit))
    }
  })
)
