import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { ThreadStore } from "../../src/threads/ThreadStore.ts"
import { pglite } from "../../src/dev/Pglite.ts"
import { UserId } from "../../src/core/User.ts"
import { message, put, thread } from "../support/ThreadFixtures.ts"
import { StorePg } from "../support/postgres/ThreadStores.ts"
import { onRealServer, TestDatabase } from "../support/Database.ts"
import { closedDatabase, ended, freshClone, linesOf, spawned } from "../support/Processes.ts"

const { scripts } = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../package.json"), "utf8")
) as { readonly scripts: Record<string, string> }

/** Runs what `npm run user -- <args>` would. */
const user = (cwd: string, args: ReadonlyArray<string>, env: Record<string, string> = {}) =>
  Effect.scoped(
    Effect.flatMap(
      spawned(process.execPath, [...scripts["user"]!.split(" ").slice(1), ...args], { cwd, env }),
      ended
    )
  )

const refused = (cwd: string, args: ReadonlyArray<string>, env: Record<string, string> = {}) =>
  Effect.map(user(cwd, args, env), ({ code, err, out }) => {
    assert.deepEqual([code, out], [1, ""])
    assert.notMatch(err, /^\s+at /m)
    return err
  })

/** Longer than the buffer of a pipe. */
const long = "x".repeat(300_000)

const kept = Effect.gen(function* () {
  const store = yield* ThreadStore
  for (const who of ["ada", "grace"]) {
    const items = [put(message(who, "one", long)), put(message(who, "two"))]
    yield* store.createThread(UserId.make(who), thread(who, { metadata: { who } }), items)
  }
})

/** Both databases export and delete one user's data, and keep everybody else's. */
const exportsAndDeletes = Effect.fnUntraced(function* (
  directory: string,
  env: Record<string, string> = {}
) {
  const threadsOf = Effect.fnUntraced(function* (who: string) {
    const { code, err, out } = yield* user(directory, ["export", who], env)
    assert.deepEqual([code, err], [0, ""])
    const document = JSON.parse(out) as { user_id: string; threads: unknown; attachments: unknown }
    assert.deepEqual([document.user_id, document.attachments], [who, []])
    return document.threads
  })
  const all = (who: string) => [
    {
      ...thread(who, { metadata: { who } }),
      items: [message(who, "one", long), message(who, "two")]
    }
  ]
  assert.deepEqual(yield* threadsOf("ada"), all("ada"))
  const deleted = { code: 0, err: "" }
  assert.deepEqual(yield* user(directory, ["delete", "ada"], env), {
    ...deleted,
    out: "Deleted: threads 1, items 2, attachments 0 (0 bytes).\n"
  })
  assert.deepEqual(yield* user(directory, ["delete", "ada"], env), {
    ...deleted,
    out: "Deleted: threads 0, items 0, attachments 0 (0 bytes).\n"
  })
  assert.deepEqual(yield* threadsOf("ada"), [])
  assert.deepEqual(yield* threadsOf("grace"), all("grace"))
})

describe("npm run user", () => {
  it.live("says how it is used, before it looks at anything", () =>
    Effect.gen(function* () {
      const directory = yield* freshClone
      const production = { NODE_ENV: "production" }
      const usage = yield* refused(directory, [])
      assert.match(usage, /user -- export <user id>/)
      assert.match(usage, /user -- delete <user id>/)
      for (const args of [
        ["delete"],
        ["export", ""],
        ["remove", "ada"],
        ["delete", "ada", "now"]
      ]) {
        assert.strictEqual(yield* refused(directory, args, production), usage)
      }
    }).pipe(Effect.scoped)
  )

  it.live("works on the embedded database of development, unless another process holds it", () =>
    Effect.gen(function* () {
      const directory = yield* freshClone
      const data = join(directory, ".data")
      mkdirSync(data)
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { client } = yield* pglite(join(data, "postgres"))
          yield* Effect.provide(kept, Layer.provide(StorePg, client))
        })
      )
      writeFileSync(join(data, "lock"), String(process.pid))
      const busy = yield* refused(directory, ["delete", "ada"])
      assert.match(busy, /uses the embedded database in \.data\/: stop it/)
      assert.lengthOf(linesOf(busy), 1)
      writeFileSync(join(data, "lock"), "0")
      yield* exportsAndDeletes(directory)
    }).pipe(Effect.scoped)
  )

  it.live("says what is missing where there is no database", () =>
    Effect.gen(function* () {
      const directory = yield* freshClone
      const production = yield* refused(directory, ["export", "ada"], { NODE_ENV: "production" })
      assert.match(production, /DATABASE_URL/)
      const closed = yield* refused(directory, ["delete", "ada"], { DATABASE_URL: closedDatabase })
      assert.match(
        closed,
        /\(ECONNREFUSED\): the database cannot be used: nothing listens at the host/
      )
      assert.notInclude(closed, "not-for-the-screen")
      assert.lengthOf(linesOf(closed), 1)
    }).pipe(Effect.scoped)
  )

  it.live.skipIf(!onRealServer)("works on the database in DATABASE_URL", () =>
    Effect.gen(function* () {
      const { client, url } = yield* TestDatabase
      yield* Effect.provide(kept, Layer.provide(StorePg, client))
      yield* exportsAndDeletes(yield* freshClone, { DATABASE_URL: url! })
    }).pipe(Effect.provide(TestDatabase.layer), Effect.scoped)
  )
})
