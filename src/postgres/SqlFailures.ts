import { Context, Effect, Fiber, Layer, type LogLevel } from "effect"
import { SqlError } from "effect/sql"
import { DbUnavailable } from "../core/Errors.ts"
import { Timeouts } from "../core/Timeouts.ts"
import { type Budget, line, LogBudget } from "../telemetry/LogBudget.ts"
import { adviceFor } from "./ConnectionAdvice.ts"
import { Connections } from "./Connections.ts"

/** For readiness: the sentence of every check whose statement was not answered. */
export const databaseSilent = (failure: DbUnavailable): string =>
  failure.advice === undefined
    ? "the database does not answer"
    : `the database cannot be used: ${failure.advice}`

/** The SQLSTATE of a failure, the only part of it that may be logged. */
export const sqlstateOf = ({ reason }: SqlError.SqlError): string | undefined => {
  const { cause } = reason as { readonly cause?: { readonly code?: unknown } }
  return typeof cause?.code === "string" ? cause.code : undefined
}

const isOutage = (error: SqlError.SqlError): boolean => {
  // Without a connection every reason is an outage: refused, full, starting up, no such database.
  if ((error.reason as { readonly operation?: unknown }).operation === "connect") return true
  switch (error.reason._tag) {
    case "ConnectionError":
    case "StatementTimeoutError":
    case "LockTimeoutError":
    case "DeadlockError":
    case "SerializationError":
      return true
    case "UnknownError":
      // SQLSTATE classes: 53 out of resources, 57 operator intervention, 58 the system itself.
      return /^(53|57|58)/.test(sqlstateOf(error) ?? "")
    default:
      return false
  }
}

/** The largest pool there can be. */
const mostConnections = 100

/**
 * Sends a statement that may run twice again while its connection turns out to be dead. One that
 * died while idle says so only when it is used; the other idle ones are closed then.
 */
export const resentWhenDead =
  (dropIdle: Effect.Effect<void>) =>
  <A, E, R>(statement: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    reconnected(statement).pipe(
      Effect.tapError((error) => (isDeadConnection(error) ? dropIdle : Effect.void)),
      Effect.retry({ times: mostConnections, while: isDeadConnection })
    )

/**
 * Connects again when the connection was lost before it could be used: by a failover, or by
 * `dropIdle`, which cannot tell one that is starting. No statement was sent on it.
 */
export const reconnected = <A, E, R>(statement: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.retry(statement, { times: 2, while: isLostAtStart })

const isLostAtStart = (error: unknown): boolean => {
  if (!SqlError.isSqlError(error) || error.reason._tag !== "ConnectionError") return false
  const { cause, operation } = error.reason
  if (operation !== "connect" || !(cause instanceof Error)) return false
  const { code } = cause as NodeJS.ErrnoException
  return code === "ECONNRESET" || code === "EPIPE" || /closed unexpectedly/.test(cause.message)
}

const isDeadConnection = (error: unknown): boolean =>
  SqlError.isSqlError(error) &&
  error.reason._tag === "ConnectionError" &&
  error.reason.operation !== "connect"

/** Whether a table or column is missing, of another type, or not readable, by the SQLSTATE. */
export const isLayoutError = (error: SqlError.SqlError): boolean =>
  ["42P01", "42703", "42883", "42804", "42501", "3F000"].includes(sqlstateOf(error) ?? "")

/**
 * Times out after `millis` without waiting for the effect to end. Interrupting a statement waits
 * until the server has confirmed it, which it never does on a dead network, so the effect is
 * interrupted in the background.
 */
export const timeoutDetached = <A, E, R, E2, R2>(
  effect: Effect.Effect<A, E, R>,
  millis: number,
  orElse: Effect.Effect<never, E2, R2>
): Effect.Effect<A, E | E2, R | R2> =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkDetach(effect, { startImmediately: true })
    return yield* Fiber.join(fiber).pipe(
      Effect.onInterrupt(() => Effect.asVoid(Effect.forkDetach(Fiber.interrupt(fiber)))),
      Effect.timeoutOrElse({ duration: millis, orElse: () => orElse })
    )
  })

/**
 * Decides what a failed statement means. An outage, `Timeouts.statement` without an answer included,
 * becomes `DbUnavailable`. So does a statement that is refused: the reason may be something in
 * between, as a pooler, and an ERROR in the log has it. Only what breaks a constraint is a defect.
 * The SQLSTATE is passed on, never a value or a message of PostgreSQL.
 */
export class SqlFailures extends Context.Service<
  SqlFailures,
  {
    /** For our own tables. */
    readonly guard: (
      operation: string
    ) => <A, E, R>(
      effect: Effect.Effect<A, E | SqlError.SqlError, R>
    ) => Effect.Effect<A, Exclude<E, SqlError.SqlError> | DbUnavailable, R>
    /** For tables that Better Auth lays out: a refused statement is expected there. */
    readonly guardForeign: (
      operation: string
    ) => <A, E, R>(
      effect: Effect.Effect<A, E | SqlError.SqlError, R>
    ) => Effect.Effect<A, Exclude<E, SqlError.SqlError> | DbUnavailable, R>
  }
>()("effect-chatkit/postgres/SqlFailures") {
  static readonly layer = Layer.effect(
    SqlFailures,
    Effect.gen(function* () {
      const { dropSilent } = yield* Connections
      const { statement } = yield* Timeouts
      const budget = (yield* LogBudget).make("database unavailable", 60)

      type Facts = Readonly<Record<string, string | undefined>>
      const failing =
        (log: Budget["log"], level: LogLevel.Severity, message: string) =>
        (operation: string, facts: Facts) => {
          const { advice } = facts
          return Effect.andThen(
            log(level, message, () => ({ operation, ...facts })),
            Effect.fail(
              new DbUnavailable({ operation, ...(advice === undefined ? {} : { advice }) })
            )
          )
        }
      const unavailable = failing(budget.log, "Warn", "database unavailable")
      /** A mistake of ours is rare, so its line is never left out. */
      const refused = failing(line, "Error", "the database refused a statement")

      const guarded =
        (foreign: boolean) =>
        (operation: string) =>
        <A, E, R>(effect: Effect.Effect<A, E | SqlError.SqlError, R>) =>
          detached(operation, effect).pipe(
            Effect.catchIf(SqlError.isSqlError, (error) => {
              const code = sqlstateOf(error)
              const { _tag } = error.reason
              const facts = { reason: _tag, sqlstate: code, advice: adviceFor(error) }
              if (foreign || isOutage(error) || isLayoutError(error)) {
                return unavailable(operation, facts)
              }
              // SQLSTATE class 23: integrity constraint violation.
              return code?.startsWith("23")
                ? Effect.die(new Error(`${operation}: ${_tag} ${code}`))
                : refused(operation, facts)
            })
          ) as Effect.Effect<A, Exclude<E, SqlError.SqlError> | DbUnavailable, R>

      const detached = <A, E, R>(operation: string, effect: Effect.Effect<A, E, R>) =>
        timeoutDetached(
          effect,
          statement,
          Effect.andThen(
            Effect.forkDetach(dropSilent),
            unavailable(operation, { reason: "Deadline" })
          )
        )

      return { guard: guarded(false), guardForeign: guarded(true) }
    })
  )
}
