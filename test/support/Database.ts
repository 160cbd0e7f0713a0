import { Context, Effect, Layer, Redacted } from "effect"
import type { SqlClient } from "effect/sql"
import { type Dialect, PGliteDialect, PostgresDialect } from "kysely"
import pg from "pg"
import * as Database from "../../src/postgres/Pool.ts"
import { clientOf, open } from "../../src/dev/Pglite.ts"

/** Some tests need a real PostgreSQL and are skipped without one: `it.skipIf(!onRealServer)`. */
export const onRealServer = (process.env["TEST_DATABASE_URL"] ?? "") !== ""

/**
 * A database of its own for whoever builds the layer: on the server in `TEST_DATABASE_URL` when it
 * is set, embedded otherwise. Gone when its scope ends.
 */
export class TestDatabase extends Context.Service<
  TestDatabase,
  {
    /** The product's own client, as `serve` takes it. */
    readonly client: Layer.Layer<SqlClient.SqlClient, unknown>
    /** On a real server only. */
    readonly url: string | undefined
    /** Any SQL, several statements too, past the product; the rows of the last one. */
    readonly exec: (sql: string) => Effect.Effect<ReadonlyArray<Record<string, unknown>>>
    /** For the real Better Auth. */
    readonly dialect: Dialect
  }
>()("test/TestDatabase") {
  static readonly layer = Layer.effect(
    TestDatabase,
    Effect.gen(function* () {
      return onRealServer ? yield* real : yield* embedded
    })
  )
}

const real = Effect.gen(function* () {
  const server = process.env["TEST_DATABASE_URL"]!
  const name = `chatkit_test_${crypto.randomUUID().replaceAll("-", "")}`
  const admin = yield* pool(server)
  yield* Effect.acquireRelease(
    Effect.promise(() => admin.query(`create database ${name}`)),
    () => Effect.promise(() => admin.query(`drop database if exists ${name} with (force)`))
  )
  const url = new URL(server)
  url.pathname = `/${name}`
  const own = yield* pool(url.href)
  return {
    client: Database.layer({ url: Redacted.make(url.href), poolSize: 10 }),
    url: url.href,
    exec: (sql: string) =>
      Effect.promise(async () => {
        const result: unknown = await own.query(sql)
        const last = Array.isArray(result) ? result.at(-1) : result
        return (last as pg.QueryResult<Record<string, unknown>>).rows
      }),
    dialect: new PostgresDialect({ pool: own })
  }
})

const pool = (connectionString: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const made = new pg.Pool({ connectionString, max: 4 })
      // A database dropped by force, or stopped by a test, ends its idle connections.
      made.on("error", () => undefined)
      return made
    }),
    // The real Better Auth may have closed it already.
    (made) => Effect.promise(() => (made.ended ? Promise.resolve() : made.end()))
  )

/** Starting PGlite takes two seconds of CPU, so a worker hands it on from test to test. */
const unused: Array<Effect.Success<ReturnType<typeof open>>> = []

const embedded = Effect.gen(function* () {
  const db = yield* Effect.acquireRelease(
    Effect.suspend(() => {
      const used = unused.pop()
      return used === undefined ? Effect.orDie(open()) : Effect.succeed(used)
    }),
    (db) =>
      Effect.promise(async () => {
        await db.exec("discard all")
        await db.exec(emptied)
        unused.push(db)
      })
  )
  const client = yield* Effect.orDie(clientOf(db))
  return {
    client,
    url: undefined,
    exec: (sql: string) =>
      Effect.promise(async () => {
        const results = await db.exec(sql)
        return (results.at(-1)?.rows ?? []) as ReadonlyArray<Record<string, unknown>>
      }),
    dialect: new PGliteDialect({ pglite: db })
  }
})

/** Makes it what it was when it was started. */
const emptied = `
do $$ declare name text; begin
  for name in select nspname from pg_namespace where nspname !~ '^pg_|^information_schema$' loop
    execute format('drop schema %I cascade', name);
  end loop;
end $$;
create schema public`
