import { Context, Effect, Fiber, Layer } from "effect"
import { SqlError } from "effect/sql"
import { DbUnavailable } from "../core/Errors.ts"
import { Connections } from "./Connections.ts"
import { Timeouts } from "../core/Timeouts.ts"
import { LogBudget } from "../telemetry/LogBudget.ts"

/** The SQLSTATE of a failure, the only part of it that may be logged. */
export const sqlstateOf = ({ reason }: SqlError.SqlError): string | undefined => {
  const { cause } = reason as { readonly cause?: { readonly code?: unknown } }
  return typeof cause?.code === "string" ? cause.code : undefined
}

const isOutage = (error: SqlError.SqlError): boolean => {
  // No connection, no answer, whatever the reason: refused, full, starting up, no such database.
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

/** The SQLSTATE of a table or column that is missing, of another type, or not ours to read. */
export const isLayoutError = (error: SqlError.SqlError): boolean =>
  ["42P01", "42703", "42883", "42804", "42501", "3F000"].includes(sqlstateOf(error) ?? "")

/**
 * Waits for an effect so many milliseconds and goes on without it. Interrupting a statement
 * waits until the server has confirmed it, which a dead network never does: what is given up is
 * interrupted in the background, and left to end by itself.
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
 * The line between the database and everything else. An outage becomes `DbUnavailable` as
 * soon as `Timeouts` allows no more; a statement PostgreSQL refuses to run is a mistake of
 * ours and a defect. Neither takes values or messages of PostgreSQL along, only its SQLSTATE.
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
    /** For tables others lay out: whatever fails there is an outage, never a verdict. */
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

      const unavailable = (operation: string, reason: string, code: string | undefined) =>
        Effect.andThen(
          budget.log("Warn", "database unavailable", () => ({ operation, reason, sqlstate: code })),
          Effect.fail(new DbUnavailable({ operation }))
        )

      const guarded =
        (foreign: boolean) =>
        (operation: string) =>
        <A, E, R>(effect: Effect.Effect<A, E | SqlError.SqlError, R>) =>
          detached(operation, effect).pipe(
            Effect.catchIf(SqlError.isSqlError, (error) => {
              const code = sqlstateOf(error)
              return foreign || isOutage(error) || isLayoutError(error)
                ? unavailable(operation, error.reason._tag, code)
                : Effect.die(new Error(`${operation}: ${error.reason._tag} ${code ?? ""}`))
            })
          ) as Effect.Effect<A, Exclude<E, SqlError.SqlError> | DbUnavailable, R>

      const detached = <A, E, R>(operation: string, effect: Effect.Effect<A, E, R>) =>
        timeoutDetached(
          effect,
          statement,
          Effect.andThen(
            Effect.forkDetach(dropSilent),
            unavailable(operation, "Deadline", undefined)
          )
        )

      return { guard: guarded(false), guardForeign: guarded(true) }
    })
  )
}
