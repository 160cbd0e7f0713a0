import { Cause, Context, Effect, Layer } from "effect"
import { Migrator, SqlClient, SqlError } from "effect/sql"
import { DbUnavailable } from "../core/Errors.ts"
import { Timeouts } from "../core/Timeouts.ts"
import { singleFlight } from "../core/SingleFlight.ts"
import { LogBudget } from "../telemetry/LogBudget.ts"
import createThreads from "./migrations/0001_create_threads.ts"
import createAttachments from "./migrations/0002_create_attachments.ts"
import createModelUsage from "./migrations/0003_create_model_usage.ts"
import unlinkChunks from "./migrations/0004_unlink_chunks.ts"
import measureAttachments from "./migrations/0005_measure_attachments.ts"
import { adviceFor } from "./ConnectionAdvice.ts"
import { inTransaction } from "./Transaction.ts"
import { databaseSilent, SqlFailures, sqlstateOf, timeoutDetached } from "./SqlFailures.ts"

const migrations = {
  "0001_create_threads": createThreads,
  "0002_create_attachments": createAttachments,
  "0003_create_model_usage": createModelUsage,
  "0004_unlink_chunks": unlinkChunks,
  "0005_measure_attachments": measureAttachments
}
const newest = Object.keys(migrations).length

/** How long one attempt may take, in milliseconds; a request waits much less for it. */
const attemptTimeout = 10_000

/** The key of the advisory lock: arbitrary, but the same in every server. */
const lock = 7_242_428_548

const table = "chatkit.migrations"

/**
 * Brings the schema `chatkit` up to date before it is used: at start, or, when the database was
 * unreachable then, on the first request that reaches it. Several servers may do so at once.
 */
export class Migrations extends Context.Service<
  Migrations,
  {
    /** Succeeds once every migration has run; until then each use tries again. */
    readonly ready: Effect.Effect<void, DbUnavailable>
    /** Makes `ready` look again: a statement did not find a table the migrations made. */
    readonly invalidate: Effect.Effect<void>
    /** For readiness: whether the database answers and is up to date; within 2 statements' time. */
    readonly check: Effect.Effect<ReadonlyArray<string>>
  }
>()("effect-chatkit/postgres/Migrations") {
  static readonly layer = Layer.effect(
    Migrations,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const budget = (yield* LogBudget).make("migrations", 6)
      const { guardForeign } = yield* SqlFailures
      const { statement } = yield* Timeouts
      let done = false

      const attempt = timeoutDetached(
        Effect.provideService(migrate, SqlClient.SqlClient, sql),
        attemptTimeout,
        Effect.fail("timeout")
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
                adviceOn(cause) ??
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

      const ready = Effect.suspend(() => (done ? Effect.void : run))

      return {
        ready,
        check: guardForeign("Migrations.check")(sql`select 1`).pipe(
          Effect.matchEffect({
            onFailure: (failure) => Effect.succeed([databaseSilent(failure)]),
            onSuccess: () =>
              Effect.match(ready, {
                onFailure: () => ["schema chatkit is not up to date"],
                onSuccess: () => []
              })
          })
        ),
        invalidate: Effect.sync(() => {
          done = false
        })
      }
    })
  )
}

/** Runs the missing migrations in one transaction. When there are none, it only reads. */
export const migrate: Effect.Effect<
  void,
  SqlError.SqlError | Migrator.MigrationError,
  SqlClient.SqlClient
> = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  if (yield* isUpToDate) return
  yield* Effect.gen(function* () {
    // A server that vanishes in the middle must not keep the lock.
    yield* sql`set local idle_in_transaction_session_timeout = '10s'`
    yield* sql`select pg_advisory_xact_lock(${lock}::bigint)`
    // `create schema if not exists` requires the right to create even where the schema exists.
    const [schema] = yield* sql<{ exists: boolean }>`
      select to_regnamespace('chatkit') is not null as exists`
    if (schema?.exists !== true) yield* sql`create schema chatkit`
    yield* Migrator.make({})({ loader: Migrator.fromRecord(migrations), table })
  }).pipe(inTransaction(sql))
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

/** The error behind a failed migration or command, where it came from the database. */
const sqlErrorIn = (cause: Cause.Cause<unknown>): SqlError.SqlError | undefined => {
  const error = Cause.squash(cause)
  const inner = error instanceof Migrator.MigrationError ? error.cause : error
  return SqlError.isSqlError(inner) ? inner : undefined
}

/** The SQLSTATE behind a failed migration, or the kind of failure where PostgreSQL gave none. */
export const stateOf = (cause: Cause.Cause<unknown>): string => {
  const error = sqlErrorIn(cause)
  return error === undefined ? "unknown" : (sqlstateOf(error) ?? error.reason._tag)
}

/** The advice for a failed migration or command; a missing right is left to who knows which one. */
export const adviceOn = (cause: Cause.Cause<unknown>): string | undefined => {
  const error = sqlErrorIn(cause)
  return error === undefined || sqlstateOf(error) === "42501" ? undefined : adviceFor(error)
}
