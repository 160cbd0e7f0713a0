import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { ThreadStore } from "../../src/chatkit/ThreadStore.ts"
import { Outage } from "../../src/db/Outage.ts"
import { migrate, ThreadSchema } from "../../src/db/ThreadSchema.ts"
import { ThreadStorePg } from "../../src/db/ThreadStorePg.ts"
import { UserId } from "../../src/domain/User.ts"
import { LogBudget } from "../../src/telemetry/LogBudget.ts"
import { captureLogs } from "../Doubles.ts"
import { onRealServer, TestDatabase } from "../TestDatabase.ts"
import { message, thread } from "../chatkit/Threads.ts"
import { captureStatements, roleOf, SharedDatabase } from "./Storage.ts"

const ada = UserId.make("ada")

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
    ThreadStorePg.pipe(
      Layer.provideMerge(ThreadSchema.layer),
      Layer.provide(Outage.layer),
      Layer.provide(LogBudget.layer),
      Layer.provide(client)
    )
  )

const shared = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  storeWith(Layer.succeed(SqlClient.SqlClient, sql))
)

layer(SharedDatabase, { excludeTestServices: true })("ThreadSchema", (it) => {
  it.effect("makes the schema once, and then only looks", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* migrate
      assert.deepEqual(yield* tablesNow, ["items", "migrations", "threads"])
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
      const schema = Context.get(context, ThreadSchema)
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
      assert.deepEqual(yield* tablesNow, ["items", "migrations", "threads"])
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
        const schema = Context.get(yield* shared, ThreadSchema)
        const failed = yield* Effect.flip(schema.ready)
        assert.strictEqual(failed._tag, "DbUnavailable")
        assert.deepEqual(yield* tablesNow, ["items"])
        yield* exec("drop table chatkit.items")
        yield* schema.ready
      }).pipe(Effect.provide(captureLogs(lines)))
      assert.deepEqual(yield* tablesNow, ["items", "migrations", "threads"])
      const errors = lines.filter((line) => line.includes(`"level":"ERROR"`))
      assert.lengthOf(errors, 1)
      assert.include(errors[0]!, `"sqlstate":"42P07"`)
      assert.include(errors[0]!, "npm run migrate")
    })
  )

  it.effect("keeps what is stored when a newer server migrates again", () =>
    Effect.gen(function* () {
      yield* fresh
      const first = Context.get(yield* shared, ThreadStore)
      yield* first.create(ada, thread("kept"), message("kept", "one"))
      yield* migrate
      const second = Context.get(yield* shared, ThreadStore)
      assert.deepEqual(yield* second.load(ada, "kept"), thread("kept"))
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
        assert.deepEqual(yield* tablesNow, ["items", "migrations", "threads"])
        const [row] = yield* exec("select count(*)::int as runs from chatkit.migrations")
        assert.deepEqual(row, { runs: 1 })
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
        const refused = yield* Effect.flip(store.load(ada, "thr_1"))
        assert.strictEqual(refused._tag, "DbUnavailable")
        const [line] = lines.filter((line) => line.includes(`"level":"ERROR"`))
        assert.include(line!, `"sqlstate":"42501"`)
        assert.include(line!, "npm run migrate")

        // Somebody who may has done it since.
        yield* migrate
        yield* exec(`grant usage on schema chatkit to ${role};
          grant select on chatkit.migrations to ${role};
          grant select, insert on chatkit.threads, chatkit.items to ${role}`)
        yield* store.create(ada, thread("thr_1"), message("thr_1", "one"))
        yield* store.addItem(ada, message("thr_1", "two"))
        assert.deepEqual(yield* store.load(ada, "thr_1"), thread("thr_1"))
        assert.lengthOf((yield* store.firstItems(ada, "thr_1", 10)).data, 2)
        assert.lengthOf((yield* store.list(ada, { limit: 10, order: "desc", after: null })).data, 1)
      }).pipe(Effect.provide(captureLogs(lines)))
    })
  )
})
