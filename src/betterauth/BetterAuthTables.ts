import { Clock, Context, Effect, Layer } from "effect"
import { DbUnavailable } from "../core/Errors.ts"
import { singleFlight } from "../core/SingleFlight.ts"
import { authenticationSql } from "../postgres/AuthenticationClient.ts"
import { databaseSilent, SqlFailures } from "../postgres/SqlFailures.ts"
import { LogBudget } from "../telemetry/LogBudget.ts"
import {
  type BetterAuthLayout,
  type Column,
  columnsStatement,
  elsewhereStatement,
  type LayoutFindings,
  type LayoutOptions,
  layoutOf
} from "./BetterAuthLayout.ts"

/** How long a complete layout is used, in ms: a plugin may add a column such as `banned`. */
const freshFor = 60_000

/**
 * Finds Better Auth's tables in the PostgreSQL schema `BETTER_AUTH_SCHEMA`, whichever adapter and
 * version made them: singular or plural, camelCase or snake_case, with or without the columns of
 * plugins. It needs only the right to read them.
 */
export class BetterAuthTables extends Context.Service<
  BetterAuthTables,
  {
    /** Cached for a minute once complete; fails while a needed table or column is missing. */
    readonly layout: Effect.Effect<BetterAuthLayout, DbUnavailable>
    /** Drops the cached layout: a statement met a table that has changed. */
    readonly invalidate: Effect.Effect<void>
    /** For readiness: what is missing and what to run; within `Timeouts.statement`. */
    readonly check: Effect.Effect<ReadonlyArray<string>>
  }
>()("effect-chatkit/betterauth/BetterAuthTables") {
  static readonly layer = (options: LayoutOptions) =>
    Layer.effect(
      BetterAuthTables,
      Effect.gen(function* () {
        const sql = yield* authenticationSql
        const { guardForeign } = yield* SqlFailures
        const budget = (yield* LogBudget).make("tables missing", 6)
        let cached: { readonly at: number; readonly findings: LayoutFindings } | undefined

        const refresh = yield* singleFlight(
          Effect.gen(function* () {
            const columns = yield* sql.unsafe<Column>(columnsStatement, [options.schema])
            const elsewhere = hasUsers(columns)
              ? []
              : yield* sql.unsafe<{ readonly schema: string }>(elsewhereStatement, [options.schema])
            const findings = layoutOf(columns, options, elsewhere)
            cached = { at: yield* Clock.currentTimeMillis, findings }
            for (const problem of findings.problems) {
              yield* budget.log("Error", "Better Auth's tables are incomplete", () => ({ problem }))
            }
            return findings
          }).pipe(guardForeign("BetterAuthTables.refresh"))
        )

        const current = Effect.flatMap(Clock.currentTimeMillis, (now) =>
          cached !== undefined &&
          isComplete(cached.findings) &&
          now >= cached.at &&
          now - cached.at < freshFor
            ? Effect.succeed(cached.findings)
            : refresh
        )

        return {
          layout: Effect.flatMap(current, ({ layout }) =>
            layout === undefined
              ? Effect.fail(new DbUnavailable({ operation: "BetterAuthTables.layout" }))
              : Effect.succeed(layout)
          ),
          invalidate: Effect.sync(() => {
            cached = undefined
          }),
          check: Effect.match(current, {
            onFailure: (failure) => [databaseSilent(failure)],
            onSuccess: ({ problems }) => problems
          })
        }
      })
    )
}

const hasUsers = (columns: ReadonlyArray<Column>) =>
  columns.some(({ table }) => /^users?$/i.test(table))

const isComplete = ({ layout, problems }: LayoutFindings) =>
  layout !== undefined && problems.length === 0
