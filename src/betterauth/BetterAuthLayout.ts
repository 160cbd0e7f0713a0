/** A table as it really is, addressed by the names Better Auth gives its fields. */
export interface Table {
  /** The quoted name, with its schema. */
  readonly from: string
  /** The quoted column of a field; undefined when it is missing, or our role may not read it. */
  readonly column: (field: string) => string | undefined
  readonly type: (field: string) => string | undefined
}

/** The tables that authentication reads; `jwks` is absent until the JWT plugin is migrated. */
export interface BetterAuthLayout {
  readonly user: Table
  readonly session: Table
  readonly jwks: Table | undefined
}

/** The layout, undefined while it is unusable, and its problems, a sentence each. */
export interface LayoutFindings {
  readonly layout: BetterAuthLayout | undefined
  readonly problems: ReadonlyArray<string>
}

export interface LayoutOptions {
  /** The PostgreSQL schema. */
  readonly schema: string
  /** Whether a missing `jwks` table is a problem: nothing else can verify a token. */
  readonly keysNeeded: boolean
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

/** A row of `columnsStatement`: the types are the catalogue's own, so they need no check. */
export interface Column {
  readonly table: string
  readonly column: string
  readonly type: string
  readonly readable: boolean
}

/** The columns of every table that may be one of ours, in the schema `$1`. */
export const columnsStatement = `
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

export const layoutOf = (
  columns: ReadonlyArray<Column>,
  { keysNeeded, schema }: LayoutOptions
): LayoutFindings => {
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
    if (name !== undefined) return tableOf(schema, name, tables.get(name)!)
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

const fold = (name: string) => name.toLowerCase().replaceAll("_", "")
const quote = (name: string) => `"${name.replaceAll('"', '""')}"`

const hasTable = (tables: ReadonlyMap<string, unknown>, role: Role) =>
  [...tables.keys()].some((name) => roles[role].names.includes(name.toLowerCase()))

const fits = ({ column, readable }: Column, field: string) =>
  readable && fold(column) === fold(field)

const tableOf = (schema: string, name: string, columns: ReadonlyArray<Column>): Table => ({
  from: `${quote(schema)}.${quote(name)}`,
  column: (field) => {
    const found = columns.find((column) => fits(column, field))
    return found && quote(found.column)
  },
  type: (field) => columns.find((column) => fits(column, field))?.type
})
