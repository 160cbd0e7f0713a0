import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { SigningKeys } from "../auth/SigningKeys.ts"
import { Readiness } from "../health/Readiness.ts"
import { BetterAuthTables } from "../betterauth/BetterAuthTables.ts"
import { SqlFailures } from "./SqlFailures.ts"
import { Migrations } from "./Migrations.ts"

/** `Readiness` by really asking, at most once a second however often it is asked. */
export const ReadinessPg = Layer.effect(
  Readiness,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const { guardForeign } = yield* SqlFailures
    const tables = yield* BetterAuthTables
    const threads = yield* Migrations
    const keys = yield* SigningKeys

    const either = <E>(check: Effect.Effect<unknown, E>, sentence: string) =>
      Effect.match(check, { onFailure: () => [sentence], onSuccess: () => [] })

    const database = Effect.gen(function* () {
      yield* guardForeign("Readiness.ping")(sql`select 1`)
      const problems = yield* tables.problems
      return [...problems, ...(yield* either(threads.ready, "schema chatkit is not up to date"))]
    }).pipe(Effect.orElseSucceed(() => ["the database does not answer"]))

    const all = Effect.all(
      [database, either(keys.loadable, "no verification keys can be loaded")],
      { concurrency: 2 }
    )
    return {
      missing: yield* Effect.cachedWithTTL(
        Effect.map(all, (missing) => missing.flat()),
        "1 second"
      )
    }
  })
)
