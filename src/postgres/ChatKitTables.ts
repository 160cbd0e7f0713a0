import { Effect } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { turnLease } from "../threads/ThreadStore.ts"
import { type DbUnavailable, NotFound } from "../core/Errors.ts"
import { isLayoutError, reconnected, resentWhenDead, SqlFailures } from "./SqlFailures.ts"
import { Connections } from "./Connections.ts"
import { Migrations } from "./Migrations.ts"
import { inTransaction } from "./Transaction.ts"

export const noThread = new NotFound({ object: "Thread" })

/** The end of a lease that is taken or renewed now, by the database's clock. */
export const leaseEnd = (sql: SqlClient.SqlClient) =>
  sql`clock_timestamp() + ${turnLease}::int * interval '1 millisecond'`

/** The client for the schema `chatkit`, and the guarded ways to run its statements. */
export const chatKitTables = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const schema = yield* Migrations
  const { guard } = yield* SqlFailures
  const { dropIdle } = yield* Connections

  const run = <A, E>(
    operation: string,
    statement: Effect.Effect<A, E | SqlError.SqlError>
  ): Effect.Effect<A, Exclude<E, SqlError.SqlError> | DbUnavailable> => {
    // A database that was restored under a running server may be of an older migration.
    const restored = Effect.catchIf(
      statement,
      (error) => SqlError.isSqlError(error) && isLayoutError(error),
      () => Effect.andThen(schema.invalidate, Effect.andThen(schema.ready, statement))
    )
    return Effect.andThen(schema.ready, guard(operation)(restored))
  }

  /** As `run`, for a statement that may run twice. */
  const runRepeatable = <A, E>(
    operation: string,
    statement: Effect.Effect<A, E | SqlError.SqlError>
  ) => run(operation, resentWhenDead(dropIdle)(statement))

  /** As `run`, in one transaction. */
  const transaction = <A, E>(
    operation: string,
    statements: Effect.Effect<A, E | SqlError.SqlError>
  ) => run(operation, reconnected(inTransaction(sql)(statements)))

  return { sql, run, runRepeatable, transaction }
})
