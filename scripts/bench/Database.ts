import { randomBytes } from "node:crypto"
import * as PgClient from "@effect/sql-pg/PgClient"
import { Effect, Redacted, type Scope } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { BenchFailed, say } from "./Bench.ts"
import type { Keys } from "./Tokens.ts"

/** Better Auth's tables, as its generator writes them for PostgreSQL, without their indexes. */
const tables = [
  `create table "user" ("id" text not null, "name" text not null, "email" text not null,
    "emailVerified" boolean not null, "image" text,
    "createdAt" timestamptz default CURRENT_TIMESTAMP not null,
    "updatedAt" timestamptz default CURRENT_TIMESTAMP not null)`,
  `create table "session" ("id" text not null, "expiresAt" timestamptz not null,
    "token" text not null, "createdAt" timestamptz default CURRENT_TIMESTAMP not null,
    "updatedAt" timestamptz default CURRENT_TIMESTAMP not null,
    "ipAddress" text, "userAgent" text, "userId" text not null)`,
  `create table "jwks" ("id" text not null primary key, "publicKey" text not null,
    "privateKey" text not null, "createdAt" timestamptz not null, "expiresAt" timestamptz,
    "alg" text, "crv" text)`
]

/** Users u1, u2, …, each with two live sessions. */
const rows = (from: number, to: number) => [
  `insert into "user" ("id", "name", "email", "emailVerified")
    select 'u' || i, 'User ' || i, 'user' || i || '@example.com', true
    from generate_series(${from}, ${to}) i`,
  `insert into "session" ("id", "expiresAt", "token", "ipAddress", "userAgent", "userId")
    select 's' || i || '-' || k, now() + interval '7 days' * k, 'token-' || md5(i::text || k),
      '127.0.0.1', 'bench', 'u' || i
    from generate_series(${from}, ${to}) i, generate_series(1, 2) k`
]

/** User u0, whose only session has expired. */
const signedOut = [
  `insert into "user" ("id", "name", "email", "emailVerified")
    values ('u0', 'Signed out', 'user0@example.com', true)`,
  `insert into "session" ("id", "expiresAt", "token", "userId")
    values ('s0-1', now() - interval '1 day', 'token-0', 'u0')`
]

const indexes = [
  `alter table "user" add primary key ("id")`,
  `alter table "user" add unique ("email")`,
  `alter table "session" add primary key ("id")`,
  `alter table "session" add unique ("token")`,
  `create index "session_userId_idx" on "session" ("userId")`,
  `alter table "session" add foreign key ("userId") references "user" ("id") on delete cascade`
]

const on =
  (url: string) =>
  <A>(
    effect: Effect.Effect<A, SqlError.SqlError, SqlClient.SqlClient>
  ): Effect.Effect<A, BenchFailed> =>
    effect.pipe(
      // One connection, so that what is set stays set.
      Effect.provide(PgClient.layer({ url: Redacted.make(url), maxConnections: 1 })),
      Effect.mapError(({ message }) => new BenchFailed({ message: `PostgreSQL: ${message}` }))
    )

const run = Effect.fnUntraced(function* (statements: ReadonlyArray<string>) {
  const sql = yield* SqlClient.SqlClient
  for (const statement of statements) yield* sql.unsafe(statement)
})

/** A new database on that server, dropped when the scope closes. */
const createDatabase = (server: string): Effect.Effect<string, BenchFailed, Scope.Scope> => {
  const name = `chatkit_bench_${randomBytes(6).toString("hex")}`
  return Effect.acquireRelease(
    run([`create database ${name}`]).pipe(
      on(server),
      Effect.as(Object.assign(new URL(server), { pathname: `/${name}` }).href)
    ),
    () =>
      run([`drop database if exists ${name} with (force)`]).pipe(
        on(server),
        Effect.catch(({ message }) => say(`${name} was not dropped: ${message}`))
      )
  )
}

const chunk = 250_000

/** A new database with this many users, dropped when the scope closes. */
export const filledDatabase = Effect.fnUntraced(function* (
  server: string,
  users: number,
  { kid, publicJwk }: Keys
) {
  yield* say(`filling a database with ${users.toLocaleString("en")} users`)
  const database = yield* createDatabase(server)
  const starts = Array.from({ length: Math.ceil(users / chunk) }, (_, i) => i * chunk)
  yield* run([
    `set synchronous_commit = off`,
    `set maintenance_work_mem = '256MB'`,
    ...tables,
    ...starts.flatMap((start) => rows(start + 1, Math.min(users, start + chunk))),
    ...signedOut,
    // Indexes come last: millions of rows fill faster.
    ...indexes,
    `insert into "jwks" values ('${kid}', '${publicJwk}', 'none', now(), null, 'EdDSA', 'Ed25519')`,
    `vacuum analyze`
  ]).pipe(
    // Its writing should not fall into what is measured; a role may lack the right to ask for it.
    Effect.andThen(Effect.ignore(run([`checkpoint`]))),
    on(database)
  )
  return database
})

const settings = ["server_version", "shared_buffers", "max_connections", "synchronous_commit"]

/** The server's version and the settings that matter to speed. */
export const settingsOf = (url: string) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const found = yield* sql<{ readonly name: string; readonly value: string }>`
      select name, current_setting(name) as value from pg_settings where name in ${sql.in(settings)}`
    return Object.fromEntries(found.map(({ name, value }) => [name, value]))
  }).pipe(on(url))
