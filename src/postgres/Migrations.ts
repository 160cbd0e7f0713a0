import { Cause, Context, Effect, Layer } from "effect"
import { Migrator, SqlClient, SqlError } from "effect/sql"
import { DbUnavailable } from "../core/Errors.ts"
import { Timeouts } from "../core/Timeouts.ts"
import { singleFlight } from "../core/SingleFlight.ts"
import { LogBudget } from "../telemetry/LogBudget.ts"
import createThreads from "./migrations/0001_create_threads.ts"
import createAttachments from "./migrations/0002_create_attachments.ts"
import { timeoutDetached, sqlstateOf } from "./SqlFailures.ts"

const migrations = {
  "0001_create_threads": createThreads,
  "0002_create_attachments": createAttachments
}
const newest = Object.keys(migrations).length

/** How long one attempt may take, in milliseconds; requests wait much less for it. */
const patience = 10_000

/** Any number will do, as long as every server takes the same. */
const lock = 7_242_428_548

const table = "chatkit.migrations"

/**
 * Our own schema `chatkit`, brought up to date before it is used: at start, or on the first
 * request after a database that was away is back. Several servers may do so at once.
 */
export class Migrations extends Context.Service<
  Migrations,
  {
    /** Succeeds once every migration has run; tries again each time it is asked until then. */
    readonly ready: Effect.Effect<void, DbUnavailable>
    /** Looks again next time: a statement did not find what the migrations made. */
    readonly forget: Effect.Effect<void>
  }
>()("effect-chatkit/postgres/Migrations") {
  static readonly layer = Layer.effect(
    Migrations,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const budget = (yield* LogBudget).make("migrations", 6)
      const { statement } = yield* Timeouts
      let done = false

      const attempt = timeoutDetached(
        Effect.provideService(migrate, SqlClient.SqlClient, sql),
        patience,
        Effect.fail("nothing was heard of it")
      ).pipe(
        Effect.tap(() =>
          Effect.sync(() => {
            done = true
          })
        ),
        Effect.catchCause((cause) =>
          Effect.andThen(
            budget.log("Error", "schema chatkit is not up to date", () => ({
              sqlstate: stateOf(cause),
              advice:
                "check that PostgreSQL answers; where the server's role may not create schemas, run `npm run migrate` once as one that may"
            })),
            Effect.fail(new DbUnavailable({ operation: "Migrations.ready" }))
          )
        )
      )

      const run = (yield* singleFlight(attempt)).pipe(
        Effect.timeoutOrElse({
          duration: statement,
          orElse: () => new DbUnavailable({ operation: "Migrations.ready" })
        })
      )

      return {
        ready: Effect.suspend(() => (done ? Effect.void : run)),
        forget: Effect.sync(() => {
          done = false
        })
      }
    })
  )
}

/** Runs what is missing, all or nothing. Needs no rights beyond reading when nothing is. */
export const migrate: Effect.Effect<
  void,
  SqlError.SqlError | Migrator.MigrationError,
  SqlClient.SqlClient
> = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  if (yield* isUpToDate) return
  yield* Effect.gen(function* () {
    // A server that vanished in the middle must not keep the lock.
    yield* sql`set local idle_in_transaction_session_timeout = '10s'`
    yield* sql`select pg_advisory_xact_lock(${lock}::bigint)`
    // `create schema if not exists` wants the right to create one even where it exists.
    const [schema] = yield* sql<{ exists: boolean }>`
      select to_regnamespace('chatkit') is not null as exists`
    if (schema?.exists !== true) yield* sql`create schema chatkit`
    yield* Migrator.make({})({ loader: Migrator.fromRecord(migrations), table })
  }).pipe(sql.withTransaction)
})

const isUpToDate = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [found] = yield* sql<{ found: boolean }>`
    select to_regclass(${table}) is not null as found`
  if (found?.found !== true) return false
  const [row] = yield* sql<{ newest: number | null }>`
    select max(migration_id)::int as newest from chatkit.migrations`
  return (row?.newest ?? 0) >= newest
})

/** The SQLSTATE behind a failed migration, or the kind of failure where PostgreSQL gave none. */
export const stateOf = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  const inner = error instanceof Migrator.MigrationError ? error.cause : error
  return SqlError.isSqlError(inner) ? (sqlstateOf(inner) ?? inner.reason._tag) : "unknown"
}
