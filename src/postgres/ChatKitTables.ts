import { Effect } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { turnLease } from "../threads/ThreadStore.ts"
import { type DbUnavailable, NotFound } from "../core/Errors.ts"
import { isLayoutError, SqlFailures } from "./SqlFailures.ts"
import { Migrations } from "./Migrations.ts"

export const noThread = new NotFound({ object: "Thread" })

/** When a turn that begins or shows signs of life now loses its thread, by the database's clock. */
export const leaseEnd = (sql: SqlClient.SqlClient) =>
  sql`clock_timestamp() + ${turnLease}::int * interval '1 millisecond'`

/** The client for the schema `chatkit`, and how its statements are run. */
export const chatKitTables = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const schema = yield* Migrations
  const { guard } = yield* SqlFailures

  const run = <A, E>(
    operation: string,
    statement: Effect.Effect<A, E | SqlError.SqlError>
  ): Effect.Effect<A, Exclude<E, SqlError.SqlError> | DbUnavailable> => {
    // A database restored under a running server has lost what the migrations made.
    const restored = Effect.catchIf(
      statement,
      (error) => SqlError.isSqlError(error) && isLayoutError(error),
      () => Effect.andThen(schema.forget, Effect.andThen(schema.ready, statement))
    )
    return Effect.andThen(schema.ready, guard(operation)(restored))
  }

  /** As `run`, all of it or nothing. */
  const transaction = <A, E>(
    operation: string,
    statements: Effect.Effect<A, E | SqlError.SqlError>
  ) => run(operation, sql.withTransaction(statements))

  return { sql, run, transaction }
})
