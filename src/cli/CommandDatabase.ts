import { Cause, Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { adviceOn, stateOf } from "../postgres/Migrations.ts"
import * as Pool from "../postgres/Pool.ts"
import { Settings } from "../settings/Settings.ts"
import { CommandFailed, isExplained } from "./Exit.ts"

/** One connection to the database in DATABASE_URL, or else to the embedded one of development. */
const database = Effect.gen(function* () {
  const settings = yield* Settings
  if (settings.databaseUrl !== undefined) {
    return Pool.layer({ url: settings.databaseUrl, poolSize: 1 })
  }
  const { development } = yield* Effect.promise(() => import("../dev/Development.ts"))
  return (yield* development(settings)).database
})

/**
 * Runs the work of a command on the database. When PostgreSQL refuses or is away, `notDone` says
 * what has not happened and `advice` what to check where the cause is not known.
 */
export const onDatabase =
  (notDone: string, advice: string) =>
  <A, E>(work: Effect.Effect<A, E, SqlClient.SqlClient>) =>
    Effect.flatMap(database, (layer) => Effect.provide(work, layer)).pipe(
      Effect.mapError((error) =>
        isExplained(error)
          ? error
          : new CommandFailed({ message: messageOf(notDone, advice, Cause.fail(error)) })
      ),
      Effect.provide(Settings.layer)
    )

const messageOf = (notDone: string, advice: string, cause: Cause.Cause<unknown>): string => {
  const known = adviceOn(cause)
  return known === undefined
    ? `${notDone} (${stateOf(cause)}): check that PostgreSQL answers at DATABASE_URL, and ${advice}.`
    : `${notDone} (${stateOf(cause)}): the database cannot be used: ${known}.`
}
