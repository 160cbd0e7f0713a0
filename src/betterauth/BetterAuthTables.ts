import { Clock, Context, Effect, Layer } from "effect"
import { DbUnavailable } from "../core/Errors.ts"
import { singleFlight } from "../core/SingleFlight.ts"
import { LogBudget } from "../telemetry/LogBudget.ts"
import { authenticationSql } from "../postgres/AuthenticationClient.ts"
import { SqlFailures } from "../postgres/SqlFailures.ts"

/** A table as it really is: quoted names by the name Better Auth gives the field in lower case. */
export interface Table {
  readonly from: string
  readonly column: (field: string) => string | undefined
  readonly type: (field: string) => string | undefined
}

/** The tables an authentication reads. `jwks` is missing while the JWT plugin is not migrated. */
export interface BetterAuthLayout {
  readonly user: Table
  readonly session: Table
  readonly jwks: Table | undefined
}

type Role = "user" | "session" | "jwks"

const roles: Record<Role, { readonly names: ReadonlyArray<string>; readonly needs: string[] }> = {
  user: { names: ["user", "users"], needs: ["id", "email"] },
  session: { names: ["session", "sessions"], needs: ["id", "userId", "expiresAt", "token"] },
  jwks: { names: ["jwks", "jwkss"], needs: ["id", "publicKey"] }
}

const advice: Record<Role, string> = {
  user: "run Better Auth's migration (`npx auth@latest migrate`, or your ORM's) on this database, or set BETTER_AUTH_SCHEMA",
  session:
    "run Better Auth's migration (`npx auth@latest migrate`, or your ORM's) on this database; with secondaryStorage also set session.storeSessionInDatabase",
  jwks: "add the jwt() plugin to Better Auth and run its migration (`npx auth@latest migrate`, or your ORM's)"
}

/** How long a layout is relied on, in ms: a plugin may add a column, `banned` for one. */
const knownFor = 60_000

/**
 * Finds Better Auth's tables in the PostgreSQL schema `BETTER_AUTH_SCHEMA`, whatever its adapter
 * and version made of them: singular or plural, camelCase or snake_case, with or without the
 * columns of plugins. Needs no rights but to read them.
 */
export class BetterAuthTables extends Context.Service<
  BetterAuthTables,
  {
    /** Looked up once a minute; fails while a needed table or column is missing. */
    readonly layout: Effect.Effect<BetterAuthLayout, DbUnavailable>
    /** Looks again next time: a statement met a table that has changed. */
    readonly forget: Effect.Effect<void>
    /** What is missing and what to run, a sentence each; for the operator. */
    readonly problems: Effect.Effect<ReadonlyArray<string>, DbUnavailable>
  }
>()("effect-chatkit/betterauth/BetterAuthTables") {
  static readonly layer = (options: { readonly schema: string; readonly keysNeeded: boolean }) =>
    Layer.effect(
      BetterAuthTables,
      Effect.gen(function* () {
        const sql = yield* authenticationSql
        const { guardForeign } = yield* SqlFailures
        const budget = (yield* LogBudget).make("tables missing", 6)
        let found: { readonly at: number; readonly looked: Looked } | undefined

        const looked = yield* singleFlight(
          Effect.gen(function* () {
            const columns = yield* sql.unsafe<Column>(columnsOf, [options.schema])
            const looked = read(columns, options)
            found = { at: yield* Clock.currentTimeMillis, looked }
            for (const problem of looked.problems) {
              yield* budget.log("Error", "Better Auth's tables are incomplete", () => ({ problem }))
            }
            return looked
          }).pipe(guardForeign("BetterAuthTables.look"))
        )

        const isKnown = (now: number) =>
          found !== undefined &&
          isComplete(found.looked) &&
          now >= found.at &&
          now - found.at < knownFor

        const current = Effect.flatMap(Clock.currentTimeMillis, (now) =>
          isKnown(now) ? Effect.succeed(found!.looked) : looked
        )

        return {
          layout: Effect.flatMap(current, ({ layout }) =>
            layout === undefined
              ? Effect.fail(new DbUnavailable({ operation: "BetterAuthTables.layout" }))
              : Effect.succeed(layout)
          ),
          forget: Effect.sync(() => {
            found = undefined
          }),
          problems: Effect.map(current, ({ problems }) => problems)
        }
      })
    )
}

interface Looked {
  readonly layout: BetterAuthLayout | undefined
  readonly problems: ReadonlyArray<string>
}

const isComplete = ({ layout, problems }: Looked) => layout !== undefined && problems.length === 0

interface Column {
  readonly table: string
  readonly column: string
  readonly type: string
  readonly readable: boolean
}

const columnsOf = `
  select c.relname as "table", a.attname as "column",
    format_type(a.atttypid, null) as "type",
    has_column_privilege(c.oid, a.attnum, 'SELECT') as "readable"
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_attribute a on a.attrelid = c.oid
  where n.nspname = $1 and c.relkind in ('r', 'p', 'v', 'm', 'f')
    and a.attnum > 0 and not a.attisdropped
    and lower(c.relname) in ('user', 'users', 'session', 'sessions', 'jwks', 'jwkss')
  order by c.relname, a.attnum`

const fold = (name: string) => name.toLowerCase().replaceAll("_", "")
const quote = (name: string) => `"${name.replaceAll('"', '""')}"`

const read = (
  columns: ReadonlyArray<Column>,
  { schema, keysNeeded }: { readonly schema: string; readonly keysNeeded: boolean }
): Looked => {
  const problems: Array<string> = []
  const tables = Map.groupBy(columns, ({ table }) => table)

  const find = (role: Role): Table | undefined => {
    const { names, needs } = roles[role]
    // The exact name first; among several the one that has the columns.
    const candidates = [...tables.keys()]
      .filter((name) => names.includes(name.toLowerCase()))
      .sort((a, b) => names.indexOf(a) - names.indexOf(b))
    const missing = (name: string) =>
      needs.filter((need) => !tables.get(name)!.some((column) => fits(column, need)))
    const name = candidates.find((candidate) => missing(candidate).length === 0)
    if (name !== undefined) return table(schema, name, tables.get(name)!)
    const [nearest] = candidates
    problems.push(
      nearest === undefined
        ? `table "${names[0]}" is not in schema "${schema}": ${advice[role]}`
        : `table "${nearest}" in schema "${schema}" lacks ${missing(nearest).join(", ")}, or this role may not read it: ${advice[role]}, or GRANT SELECT`
    )
    return undefined
  }

  const user = find("user")
  const session = find("session")
  const jwks = keysNeeded || hasTable(tables, "jwks") ? find("jwks") : undefined
  return {
    layout: user === undefined || session === undefined ? undefined : { user, session, jwks },
    problems
  }
}

const hasTable = (tables: ReadonlyMap<string, unknown>, role: Role) =>
  [...tables.keys()].some((name) => roles[role].names.includes(name.toLowerCase()))

const fits = ({ column, readable }: Column, field: string) =>
  readable && fold(column) === fold(field)

const table = (schema: string, name: string, columns: ReadonlyArray<Column>): Table => ({
  from: `${quote(schema)}.${quote(name)}`,
  column: (field) => {
    const found = columns.find((column) => fits(column, field))
    return found && quote(found.column)
  },
  type: (field) => columns.find((column) => fits(column, field))?.type
})
