import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { ThreadStore } from "../../../src/threads/ThreadStore.ts"
import { SqlFailures } from "../../../src/postgres/SqlFailures.ts"
import { migrate, Migrations } from "../../../src/postgres/Migrations.ts"
import * as Pool from "../../../src/postgres/Pool.ts"
import { ThreadStorePg } from "../../../src/postgres/threads/ThreadStorePg.ts"
import { TurnStorePg } from "../../../src/postgres/threads/TurnStorePg.ts"
import { TurnStore } from "../../../src/turns/TurnStore.ts"
import { UserId } from "../../../src/core/User.ts"
import { LogBudget } from "../../../src/telemetry/LogBudget.ts"
import { captureLogs } from "../../support/Doubles.ts"
import { onRealServer, TestDatabase } from "../../support/Database.ts"
import { all, idsOf, message, newest, put, thread } from "../../support/ThreadFixtures.ts"
import { captureStatements, roleOf, SharedDatabase } from "../../support/postgres/SharedDatabase.ts"

const ada = UserId.make("ada")

const tables = [
  "attachment_chunks",
  "attachments",
  "items",
  "migrations",
  "model_usage",
  "secrets",
  "threads"
]

/** A database as nobody has migrated it yet. */
const fresh = Effect.gen(function* () {
  const { exec } = yield* TestDatabase
  yield* exec("drop schema if exists chatkit cascade")
  return exec
})

const tablesNow = Effect.gen(function* () {
  const { exec } = yield* TestDatabase
  const rows = yield* exec(
    "select table_name as name from information_schema.tables where table_schema = 'chatkit' order by 1"
  )
  return rows.map(({ name }) => name)
})

const storeWith = (client: Layer.Layer<SqlClient.SqlClient, unknown>) =>
  Layer.build(
    Layer.merge(ThreadStorePg, TurnStorePg).pipe(
      Layer.provideMerge(Migrations.layer),
      Layer.provide(SqlFailures.layer),
      Layer.provide(LogBudget.layer),
      Layer.provide(client)
    )
  )

const shared = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  storeWith(Layer.succeed(SqlClient.SqlClient, sql))
)

layer(SharedDatabase, { excludeTestServices: true })("Migrations", (it) => {
  it.effect("makes the schema once, and then only looks", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* migrate
      assert.deepEqual(yield* tablesNow, tables)
      const texts: Array<string> = []
      yield* captureStatements(texts)(migrate)
      assert.isNotEmpty(texts)
      assert.isTrue(texts.every((text) => text.trim().startsWith("select")))
    })
  )

  it.effect("runs when it is first needed, once for all who wait, and never again", () =>
    Effect.gen(function* () {
      yield* fresh
      const context = yield* shared
      const schema = Context.get(context, Migrations)
      assert.deepEqual(yield* tablesNow, [])
      const texts: Array<string> = []
      yield* Effect.all(
        Array.from({ length: 20 }, () => schema.ready),
        { concurrency: "unbounded" }
      ).pipe(captureStatements(texts))
      assert.lengthOf(
        texts.filter((text) => text.includes("create table chatkit.threads")),
        1
      )
      assert.deepEqual(yield* tablesNow, tables)
      texts.length = 0
      yield* captureStatements(texts)(schema.ready)
      assert.deepEqual(texts, [])
    })
  )

  it.effect("leaves nothing half made, says so, and tries again when asked again", () =>
    Effect.gen(function* () {
      const exec = yield* fresh
      yield* exec("create schema chatkit; create table chatkit.items ()")
      const lines: Array<string> = []
      yield* Effect.gen(function* () {
        const schema = Context.get(yield* shared, Migrations)
        const failed = yield* Effect.flip(schema.ready)
        assert.strictEqual(failed._tag, "DbUnavailable")
        assert.deepEqual(yield* tablesNow, ["items"])
        yield* exec("drop table chatkit.items")
        yield* schema.ready
      }).pipe(Effect.provide(captureLogs(lines)))
      assert.deepEqual(yield* tablesNow, tables)
      const errors = lines.filter((line) => line.includes(`"level":"ERROR"`))
      assert.lengthOf(errors, 1)
      assert.include(errors[0]!, `"sqlstate":"42P07"`)
      assert.include(errors[0]!, "npm run migrate")
    })
  )

  it.effect("has a check that says so while the schema cannot be brought up to date", () =>
    Effect.gen(function* () {
      const exec = yield* fresh
      yield* exec("create schema chatkit; create table chatkit.items ()")
      const { check } = Context.get(yield* shared, Migrations)
      assert.deepEqual(yield* check, ["schema chatkit is not up to date"])
      yield* exec("drop table chatkit.items")
      assert.deepEqual(yield* check, [])
    })
  )

  it.effect(
    "has a check that says why the database cannot be used, without a value of the URL",
    () =>
      Effect.gen(function* () {
        const url = Redacted.make("postgres://joe:hunter2@127.0.0.1:1/shopdb")
        const { check } = Context.get(
          yield* storeWith(Pool.layer({ url, poolSize: 1 })),
          Migrations
        )
        const [sentence, ...more] = yield* check
        assert.match(String(sentence), /^the database cannot be used: nothing listens at the host/)
        assert.lengthOf(more, 0)
        assert.notMatch(String(sentence), /joe|hunter2|shopdb|127/)
      })
  )

  it.effect("keeps what is stored when a newer server migrates again", () =>
    Effect.gen(function* () {
      yield* fresh
      const first = Context.get(yield* shared, ThreadStore)
      yield* first.createThread(ada, thread("kept"), [put(message("kept", "one"))])
      const exec = (yield* TestDatabase).exec
      yield* exec(`drop table chatkit.attachment_chunks, chatkit.attachments, chatkit.secrets,
          chatkit.model_usage;
        delete from chatkit.migrations where migration_id > 1`)
      yield* migrate
      assert.deepEqual(yield* tablesNow, tables)
      const second = Context.get(yield* shared, ThreadStore)
      assert.deepEqual(yield* second.loadThread(ada, "kept"), thread("kept"))
      assert.deepEqual(idsOf(yield* second.loadThreadItems(ada, "kept", all)), ["one"])
    })
  )

  it.effect("D2: measures the attachments that an older server stored, whatever their names", () =>
    Effect.gen(function* () {
      const exec = yield* fresh
      yield* migrate
      const row = (id: string, name: string, size: unknown, length: number | null) => {
        const metadata = { size: 9, text: `","size":8,"` }
        const data = JSON.stringify({ id, name, mime_type: "a/b", size, metadata })
        const upload = length === null ? "null" : `'up-${id}'`
        return `('${id}', 'ada', ${upload}, ${length}, '${data.replaceAll("'", "''")}')`
      }
      yield* exec(`
        alter table chatkit.attachments drop column size, drop column digest;
        delete from chatkit.migrations where migration_id > 4;
        insert into chatkit.attachments (id, user_id, upload, length, data) values
          ${row("a", `","size":7,"`, 5, null)}, ${row("b", "\u0000\ud800'", 6, null)},
          ${row("c", "declared smaller", 1, 3_000)}, ${row("d", "negative", -1, null)},
          ${row("e", "of nobody", null, null)}, ${row("f", "huge", 2 ** 52, null)}`)
      yield* migrate
      const sizes = yield* exec(
        "select id, size::float8 as size, digest from chatkit.attachments order by id"
      )
      assert.deepEqual(
        sizes.map(({ digest, size }) => [size, digest]),
        [5, 6, 3_000, 0, 0, 2 ** 52].map((size) => [size, null])
      )
    })
  )

  it.effect("makes a key for links once, another one for each database", () =>
    Effect.gen(function* () {
      const { exec } = yield* TestDatabase
      const key = Effect.map(
        exec("select value from chatkit.secrets where name = 'attachment_links'"),
        ([row]) => String(row?.["value"])
      )
      yield* fresh
      yield* migrate
      const first = yield* key
      assert.match(first, /^[\w-]{43}$/)
      yield* migrate
      assert.strictEqual(yield* key, first)
      yield* fresh
      yield* migrate
      assert.notStrictEqual(yield* key, first)
    })
  )

  it.effect("keeps documents as text, and bytes unpacked", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* migrate
      const { exec } = yield* TestDatabase
      const columns = yield* exec(`
        select c.relname || '.' || a.attname as name, format_type(a.atttypid, null) as type,
          a.attstorage as storage
        from pg_attribute a join pg_class c on c.oid = a.attrelid
        where c.relnamespace = 'chatkit'::regnamespace and c.relkind = 'r'
          and a.attname in ('data', 'bytes') order by 1`)
      assert.deepEqual(columns, [
        { name: "attachment_chunks.bytes", type: "bytea", storage: "e" },
        { name: "attachments.data", type: "json", storage: "x" },
        { name: "items.data", type: "json", storage: "x" },
        { name: "threads.data", type: "json", storage: "x" }
      ])
    })
  )

  it.effect.skipIf(!onRealServer)("lets many servers migrate at once", () =>
    Effect.gen(function* () {
      const { client } = yield* TestDatabase
      const exec = yield* fresh
      const server = Effect.flatMap(Layer.build(client), (context) =>
        Effect.provideContext(migrate, context)
      )
      for (let round = 0; round < 3; round++) {
        yield* fresh
        yield* Effect.all(
          Array.from({ length: 8 }, () => server),
          { concurrency: "unbounded" }
        )
        assert.deepEqual(yield* tablesNow, tables)
        const [row] = yield* exec("select count(*)::int as runs from chatkit.migrations")
        assert.deepEqual(row, { runs: 5 })
      }
    })
  )

  it.effect.skipIf(!onRealServer)("says what to do to a role that may not create a schema", () =>
    Effect.gen(function* () {
      const exec = yield* fresh
      const { client, role } = yield* roleOf
      const lines: Array<string> = []
      yield* Effect.gen(function* () {
        const context = yield* storeWith(client)
        const store = Context.get(context, ThreadStore)
        const turns = Context.get(context, TurnStore)
        const refused = yield* Effect.flip(store.loadThread(ada, "thr_1"))
        assert.strictEqual(refused._tag, "DbUnavailable")
        const [line] = lines.filter((line) => line.includes(`"level":"ERROR"`))
        assert.include(line!, `"sqlstate":"42501"`)
        assert.include(line!, "npm run migrate")

        // Somebody who may has done it since.
        yield* migrate
        yield* exec(`grant usage on schema chatkit to ${role};
          grant select, insert, update, delete on all tables in schema chatkit to ${role}`)
        yield* store.createThread(ada, thread("thr_1"), [put(message("thr_1", "one"))])
        yield* store.commit(ada, "thr_1", [put(message("thr_1", "two"))])
        yield* store.updateThread(ada, "thr_1", { title: "One" })
        const titled = thread("thr_1", { title: "One" })
        assert.deepEqual(yield* turns.begin(ada, "thr_1", "turn"), titled)
        assert.deepEqual(idsOf(yield* store.loadThreadItems(ada, "thr_1", all)), ["one", "two"])
        assert.deepEqual((yield* store.loadThreads(ada, newest)).data, [titled])
        yield* store.deleteThread(ada, "thr_1")
      }).pipe(Effect.provide(captureLogs(lines)))
    })
  )
})
