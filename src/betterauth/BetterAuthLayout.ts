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

interface RoleNames {
  readonly names: ReadonlyArray<string>
  readonly needs: ReadonlyArray<string>
  /** Columns that an app's own table of that name has not. */
  readonly marks: ReadonlyArray<string>
}

const roles: Record<Role, RoleNames> = {
  user: { names: ["user", "users"], needs: ["id", "email"], marks: ["emailVerified"] },
  session: {
    names: ["session", "sessions"],
    needs: ["id", "userId", "expiresAt", "token"],
    marks: ["createdAt"]
  },
  jwks: { names: ["jwks", "jwkss"], needs: ["id", "publicKey"], marks: ["privateKey"] }
}

const advice: Record<Role, string> = {
  user: 'run Better Auth\'s migration (`npx auth@latest migrate`, or your ORM\'s) on this database, or set BETTER_AUTH_SCHEMA; where its tables have other names, create views "user", "session" and "jwks" of them',
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
  /** Row level security shows this role no row, because no policy is for it. */
  readonly hidden: boolean
}

/** The columns of every table that may be one of ours, in the schema `$1`. */
export const columnsStatement = `
  select c.relname as "table", a.attname as "column",
    format_type(a.atttypid, null) as "type",
    has_column_privilege(c.oid, a.attnum, 'SELECT') as "readable",
    row_security_active(c.oid) and not exists (
      select from pg_catalog.pg_policy p
      where p.polrelid = c.oid and p.polpermissive and p.polcmd in ('r', '*')
        and exists (
          select from unnest(p.polroles) as r (id)
          where r.id = 0 or pg_has_role(r.id, 'USAGE'))) as "hidden"
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_attribute a on a.attrelid = c.oid
  where n.nspname = $1 and c.relkind in ('r', 'p', 'v', 'm', 'f')
    and a.attnum > 0 and not a.attisdropped
    and lower(c.relname) in ('user', 'users', 'session', 'sessions', 'jwks', 'jwkss')
  order by c.relname, a.attnum`

/** The other schemas that have a table with the name of `user`, in the catalogue's order. */
export const elsewhereStatement = `
  select distinct n.nspname as "schema"
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_attribute a on a.attrelid = c.oid and not a.attisdropped
  where n.nspname <> $1 and n.nspname not in ('pg_catalog', 'information_schema')
    and c.relkind in ('r', 'p', 'v', 'm', 'f')
    and lower(c.relname) in ('user', 'users')
    and lower(replace(a.attname, '_', '')) = 'emailverified'
  order by 1 limit 5`

/** Finds the tables among `columns`; `elsewhere` are the rows of `elsewhereStatement`. */
export const layoutOf = (
  columns: ReadonlyArray<Column>,
  { keysNeeded, schema }: LayoutOptions,
  elsewhere: ReadonlyArray<{ readonly schema: string }> = []
): LayoutFindings => {
  const seen = (role: Role) => {
    const [first] = elsewhere
    return role === "user" && first !== undefined
      ? `it was seen in schema "${first.schema}": set BETTER_AUTH_SCHEMA=${first.schema}, or `
      : ""
  }
  const problems: { [K in Role]?: string } = {}
  let chosen: string | undefined
  const tables = Map.groupBy(columns, ({ table }) => table)

  const find = (role: Role): Table | undefined => {
    const { marks, names, needs } = roles[role]
    const lacking = (name: string, columns: ReadonlyArray<string>) =>
      columns.filter((need) => !tables.get(name)!.some((column) => fits(column, need)))
    const missing = (name: string) => lacking(name, needs)
    /** The exact name counts most, then what only Better Auth's tables have, then one spelling. */
    const scoreOf = (name: string) =>
      (name === names[0] ? 4 : 0) +
      (lacking(name, marks).length === 0 ? 2 : 0) +
      (chosen !== undefined && styleOf(name) === styleOf(chosen) ? 1 : 0)
    const candidates = [...tables.keys()]
      .filter((name) => names.includes(name.toLowerCase()))
      .sort((a, b) => scoreOf(b) - scoreOf(a))
    const [name, other] = candidates.filter((candidate) => missing(candidate).length === 0)
    if (name !== undefined && other !== undefined && scoreOf(name) === scoreOf(other)) {
      problems[role] =
        `tables "${name}" and "${other}" in schema "${schema}" may both be Better Auth's "${names[0]}": create a view with the exact name "${names[0]}" of the right one`
      return undefined
    }
    if (name !== undefined && tables.get(name)!.some(({ hidden }) => hidden)) {
      problems[role] =
        `row level security hides every row of table "${name}" in schema "${schema}" from this role: create a policy for it, as \`create policy chatkit on ${quote(schema)}.${quote(name)} for select to chatkit using (true)\``
      return undefined
    }
    if (name !== undefined) {
      chosen ??= name
      return tableOf(schema, name, tables.get(name)!)
    }
    const [nearest] = candidates
    problems[role] =
      nearest === undefined
        ? `table "${names[0]}" is not in schema "${schema}": ${seen(role)}${advice[role]}`
        : `table "${nearest}" in schema "${schema}" lacks ${missing(nearest).join(", ")}, or this role may not read it: ${advice[role]}, or GRANT SELECT`
    return undefined
  }

  // Fewer apps have a table of sessions: its spelling tells which table of users belongs to it.
  const session = find("session")
  const user = find("user")
  const jwks = keysNeeded || hasTable(tables, "jwks") ? find("jwks") : undefined
  return {
    layout: user === undefined || session === undefined ? undefined : { user, session, jwks },
    problems: [problems.user, problems.session, problems.jwks].filter(
      (problem) => problem !== undefined
    )
  }
}

/** Of a table's name: plural or not, with a capital or not. */
const styleOf = (name: string) =>
  `${name.toLowerCase().endsWith("s") ? "plural" : "singular"} ${/^[A-Z]/.test(name)}`

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
