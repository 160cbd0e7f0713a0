import { createHash } from "node:crypto"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { exportUserData, removeUserData } from "../../../src/postgres/UserData.ts"
import { ModelUsage } from "../../../src/responder/model/usage/ModelUsage.ts"
import { UserId } from "../../../src/core/User.ts"
import {
  attachment,
  hidden,
  message,
  put,
  roomy,
  seenBy,
  thread,
  userWith
} from "../../support/ThreadFixtures.ts"
import { TestDatabase } from "../../support/Database.ts"
import { unique } from "../../support/postgres/SharedDatabase.ts"
import { StoreOnPostgreSQL } from "../../support/postgres/ThreadStores.ts"

/** The pieces in which a user's data is written. */
const exported = Effect.fnUntraced(function* (user: UserId) {
  const pieces: Array<string> = []
  yield* exportUserData(user, (text) => Effect.sync(() => void pieces.push(text)))
  return pieces
})

const parsed = (pieces: ReadonlyArray<string>): unknown => JSON.parse(pieces.join(""))

const sha256Of = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex")

/** Bytes that came in pieces, as an upload that has finished leaves them. */
const upload = Effect.fnUntraced(function* (file: string, pieces: ReadonlyArray<Buffer>) {
  const { exec } = yield* TestDatabase
  const rows = pieces.map(
    (bytes, n) => `('${file}-up', ${n}, '${file}', '\\x${bytes.toString("hex")}')`
  )
  yield* exec(`update chatkit.attachments
    set upload = '${file}-up', digest = '\\x${sha256Of(Buffer.concat(pieces))}' where id = '${file}';
    insert into chatkit.attachment_chunks (upload, n, attachment_id, bytes) values ${rows.join()}`)
})

/** A user with three threads, hidden items, odd texts and three attachments, one without bytes. */
const userWithAll = Effect.gen(function* () {
  const { attachments, ids, store, user } = yield* userWith(2)
  const { exec } = yield* TestDatabase
  const full = thread(`${user}-full`, { title: "\u0000\ud800", metadata: { z: 1, a: { b: null } } })
  const items = Array.from({ length: 25 }, (_, i) =>
    i % 2 === 0 ? message(full.id, `m${i}`, `"\n\ud800`) : hidden(full.id, `h${i}`)
  )
  yield* store.createThread(user, full, items.map(put))
  // Written again, its row comes last in the table and first in the thread still.
  yield* store.commit(user, full.id, items.slice(0, 1).map(put))
  const files = ["used", "waiting", "empty"].map((name) => `${user}-${name}`)
  for (const [n, file] of files.entries()) {
    yield* attachments.save(user, attachment(file), roomy)
    // A fast machine may write them all at one time.
    yield* exec(`update chatkit.attachments
      set created_at = created_at + interval '${n} seconds' where id = '${file}'`)
  }
  yield* store.commit(user, full.id, [{ type: "attach", attachment_ids: files.slice(0, 1) }])
  const { add } = yield* ModelUsage
  yield* add(user, { day: "2026-11-25", model: "one", inputTokens: 5, outputTokens: 6 })
  const pieces = Array.from({ length: 30 }, (_, i) => Buffer.alloc(1 + (i % 5), i))
  yield* upload(files[0]!, pieces)
  yield* upload(files[1]!, [Buffer.from("one piece")])
  return { ids, user, full, items, files, pieces }
})

layer(StoreOnPostgreSQL, { excludeTestServices: true })("UserData", (it) => {
  it.effect("writes everything of one user as JSON, in the order of writing", () =>
    Effect.gen(function* () {
      const { files, full, ids, items, pieces, user } = yield* userWithAll
      const other = yield* userWithAll
      const document = parsed(yield* exported(user)) as {
        readonly attachments: ReadonlyArray<Record<string, unknown>>
      }
      const first = ids.map((id) => ({ ...thread(id), items: [message(id, "first")] }))
      const shown = document.attachments.map(({ created_at, ...rest }) => {
        assert.match(String(created_at), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
        return rest
      })
      const [used = "", waiting = "", empty = ""] = files
      assert.deepEqual(
        { ...document, attachments: shown },
        {
          user_id: user,
          threads: [...first, { ...full, items }],
          attachments: [
            {
              ...attachment(used, { uploaded: true, thread_id: full.id }),
              sha256: sha256Of(Buffer.concat(pieces)),
              content: Buffer.concat(pieces).toString("base64")
            },
            {
              ...attachment(waiting, { uploaded: true }),
              sha256: sha256Of(Buffer.from("one piece")),
              content: Buffer.from("one piece").toString("base64")
            },
            { ...attachment(empty), content: null }
          ],
          model_usage: [{ day: "2026-11-25", model: "one", input_tokens: 5, output_tokens: 6 }]
        }
      )
      assert.notInclude(JSON.stringify(document), other.user)
    })
  )

  it.effect("writes stored JSON byte for byte, whatever its spacing and members", () =>
    Effect.gen(function* () {
      const { exec } = yield* TestDatabase
      const { attachments, id, user } = yield* userWith(1)
      const file = `${user}-file`
      yield* attachments.save(user, attachment(file), roomy)
      const [item, thread, fields] = [
        `{ "id":"first", "n":1.0, "n":1e2, "unknown":"\\u0041\\ud800" }`,
        `{ "id":"${id}", "other":[ ]`,
        `{"id":"${file}","size":"no number"`
      ]
      yield* exec(`
        update chatkit.items set data = '${item}' where thread_id = '${id}';
        update chatkit.threads set data = '${thread} }\n' where id = '${id}';
        update chatkit.attachments set data = '${fields}}' where id = '${file}'`)
      const text = (yield* exported(user)).join("")
      assert.isObject(JSON.parse(text))
      assert.include(text, `${thread} ,"items":[\n${item}]}`)
      assert.include(text, `${fields},"uploaded":false,"created_at":"`)
    })
  )

  it.effect("writes it in pieces no larger than what one row holds", () =>
    Effect.gen(function* () {
      const { attachments, store, user } = yield* userWith(0)
      const id = `${user}-long`
      const texts = Array.from({ length: 12 }, (_, i) =>
        put(message(id, `${i}`, "x".repeat(1_000)))
      )
      yield* store.createThread(user, thread(id), texts)
      const file = `${user}-file`
      yield* attachments.save(user, attachment(file), roomy)
      yield* upload(
        file,
        Array.from({ length: 12 }, () => Buffer.alloc(1_000))
      )
      const pieces = yield* exported(user)
      assert.isAbove(pieces.join("").length, 28_000)
      assert.isBelow(Math.max(...pieces.map(({ length }) => length)), 1_500)
    })
  )

  it.effect("F5: reads it all from one snapshot", () =>
    Effect.gen(function* () {
      const { user } = yield* userWithAll
      const sql = yield* SqlClient.SqlClient
      const levels = new Set<unknown>()
      // The statement runs on the connection of the export, while it writes.
      const look = Effect.map(
        sql`select current_setting('transaction_isolation') as level, pg_current_snapshot()::text as seen`,
        (rows) => levels.add(JSON.stringify(rows[0]))
      )
      const pieces: Array<string> = []
      yield* exportUserData(user, (text) =>
        Effect.andThen(
          look,
          Effect.sync(() => pieces.push(text))
        )
      )
      assert.isObject(parsed(pieces))
      assert.lengthOf([...levels], 1)
      assert.include([...levels][0], `"repeatable read"`)
    })
  )

  it.effect("stops where it cannot be written, and can be asked again", () =>
    Effect.gen(function* () {
      const { user } = yield* userWithAll
      let written = 0
      const sixth = Effect.suspend(() => (++written > 5 ? Effect.fail("closed") : Effect.void))
      const broken = exportUserData(user, () => sixth)
      assert.strictEqual(yield* Effect.flip(broken), "closed")
      assert.strictEqual(written, 6)
      assert.isObject(parsed(yield* exported(user)))
    })
  )

  it.effect("removes everything of one user, says how much that was, and nothing of others", () =>
    Effect.gen(function* () {
      const { exec } = yield* TestDatabase
      const { files, full, ids, pieces, user } = yield* userWithAll
      const other = yield* userWithAll
      const theirs = seenBy(other.user, [...other.ids, other.full.id], other.files)
      const before = yield* theirs
      assert.deepEqual(yield* removeUserData(user), {
        threads: 3,
        items: 27,
        attachments: 3,
        bytes: Buffer.concat(pieces).length + "one piece".length
      })
      const seen = yield* seenBy(user, [...ids, full.id], files)
      assert.deepEqual(seen.threads.data, [])
      assert.deepEqual(seen.attachments, ["missing", "missing", "missing"])
      const tables = ["threads", "items", "attachments", "model_usage"].map(
        (name) => `select user_id from chatkit.${name} where user_id = '${user}'`
      )
      assert.deepEqual(yield* exec(tables.join(" union all ")), [])
      const chunks = yield* exec(
        `select from chatkit.attachment_chunks where attachment_id like '${user}%'`
      )
      assert.lengthOf(chunks, 0)
      assert.deepEqual(yield* theirs, before)
    })
  )

  it.effect("removes nothing when it cannot remove all", () =>
    Effect.gen(function* () {
      const { exec } = yield* TestDatabase
      const { files, full, ids, user } = yield* userWithAll
      const mine = seenBy(user, [...ids, full.id], files)
      const before = yield* mine
      yield* exec(`create table chatkit.keeps (id text references chatkit.threads (id));
        insert into chatkit.keeps values ('${ids[0]}')`)
      yield* Effect.flip(removeUserData(user))
      assert.deepEqual(yield* mine, before)
      yield* exec("drop table chatkit.keeps")
      assert.strictEqual((yield* removeUserData(user)).threads, 3)
    })
  )

  it.effect("has nothing to remove or to write of a user without data", () =>
    Effect.gen(function* () {
      yield* userWithAll
      for (const user of [UserId.make(unique("nobody")), UserId.make("%")]) {
        const none = { threads: 0, items: 0, attachments: 0, bytes: 0 }
        assert.deepEqual(yield* removeUserData(user), none)
        const document = parsed(yield* exported(user))
        assert.deepEqual(document, {
          user_id: user,
          threads: [],
          attachments: [],
          model_usage: []
        })
      }
    })
  )
})
