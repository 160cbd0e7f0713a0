import { Cause, Effect } from "effect"
import { type SqlClient, SqlError } from "effect/sql"

/**
 * Runs statements in one transaction. Where the connection dies in the middle, the library's own
 * ROLLBACK fails too, and becomes a defect beside the failure: here it is a failure again, because
 * nothing that a database does is a defect of this server.
 */
export const inTransaction =
  (sql: SqlClient.SqlClient) =>
  <A, E, R>(statements: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError.SqlError, R> =>
    Effect.catchCause(sql.withTransaction(statements), (cause) => {
      const rest = cause.reasons.filter((reason) => sqlErrorOf(reason) === undefined)
      const [lost] = cause.reasons.flatMap((reason) => sqlErrorOf(reason) ?? [])
      return lost !== undefined && rest.length === 0
        ? Effect.fail(lost)
        : Effect.failCause(Cause.fromReasons(rest))
    })

/** The error of a database that the library has made a defect of. */
const sqlErrorOf = <E>(reason: Cause.Reason<E>): SqlError.SqlError | undefined =>
  Cause.isDieReason(reason) && SqlError.isSqlError(reason.defect) ? reason.defect : undefined
