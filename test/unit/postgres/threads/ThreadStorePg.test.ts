import { assert, layer } from "@effect/vitest"
import { Cause, Effect, Exit } from "effect"
import { SqlClient } from "effect/sql"
import { UserId } from "../../../../src/core/User.ts"
import {
  all,
  attachment,
  failure,
  idsOf,
  message,
  put,
  roomy,
  seenBy,
  thread,
  userWith
} from "../../../support/ThreadFixtures.ts"
import { attempts } from "../../../contracts/ThreadStorePrivacy.ts"
import { TestDatabase } from "../../../support/Database.ts"
import { captureStatements, unique } from "../../../support/postgres/SharedDatabase.ts"
import { StoreOnPostgreSQL } from "../../../support/postgres/ThreadStores.ts"

/** The statements of an effect, however it ends. */
const statementsOf = Effect.fnUntraced(function* (
  effect: Effect.Effect<unknown, unknown, SqlClient.SqlClient>
) {
  const texts: Array<string> = []
  yield* captureStatements(texts)(Effect.exit(effect))
  return texts
})

type Attempt = Effect.Effect<unknown, unknown>

const dies = (attempt: Attempt) =>
  Effect.map(Effect.exit(attempt), (exit) =>
    assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
  )

const renamed = { type: "update_thread", patch: { title: "New" } } as const

layer(StoreOnPostgreSQL, { excludeTestServices: true })("ThreadStorePg", (it) => {
  it.effect("runs the same statements for what is another's and what does not exist", () =>
    Effect.gen(function* () {
      const { attachments, id, store, turns, user } = yield* userWith(1)
      const file = `${user}-file`
      yield* attachments.save(user, attachment(file), roomy)
      yield* turns.begin(user, id, "theirs")
      const { ofAttachment, ofThread } = attempts(
        { attachments, store, turns },
        UserId.make(unique("stranger"))
      )
      const foreign = Object.entries({ ...ofThread(id), ...ofAttachment(file) })
      const unknown: Record<string, Effect.Effect<unknown, unknown>> = {
        ...ofThread("thr_unknown"),
        ...ofAttachment("atc_unknown")
      }
      for (const [name, attempt] of foreign) {
        const statements = yield* statementsOf(attempt)
        assert.isNotEmpty(statements, name)
        assert.deepEqual(statements, yield* statementsOf(unknown[name]!), name)
      }
    })
  )

  it.effect(
    "writes one item, opens a thread, begins, prolongs and ends turns in one statement each",
    () =>
      Effect.gen(function* () {
        const { attachments, ids, store, turns, user } = yield* userWith(2)
        const [id = "", other = ""] = ids
        const files = ["1", "2", "3"].map((name) => `${user}-${name}`)
        yield* turns.begin(user, other, "b")
        for (const file of files) yield* attachments.save(user, attachment(file), roomy)
        for (const [name, effect] of Object.entries({
          "a new thread with its first item": store.createThread(
            user,
            thread(`${id}-new`),
            [put(message(`${id}-new`, "first"))],
            "new"
          ),
          "a thread with its first items": store.loadThreadWithItems(user, id, 20),
          "a new item": store.commit(user, id, [put(message(id, "a"))]),
          "a known item": store.commit(user, id, [put(message(id, "a", "again"))]),
          "the beginning of a turn": turns.begin(user, id, "a"),
          "an item of a turn": store.commit(user, id, [put(message(id, "a"))], "a"),
          "signs of life": turns.renew(["a", "b"]),
          "the end of a turn": turns.end(user, id, "a"),
          "many attachments": attachments.load(user, files)
        })) {
          const done: Effect.Effect<unknown, { readonly _tag: string }> = effect
          const texts: Array<string> = []
          yield* captureStatements(texts)(done)
          assert.lengthOf(texts, 1, name)
        }
      })
  )

  it.effect("stores neither thread nor items when one of them cannot be", () =>
    Effect.gen(function* () {
      const { id, store, user } = yield* userWith(1)
      const { exec } = yield* TestDatabase
      yield* exec("alter table chatkit.items add constraint no_bad check (id <> 'bad')")
      const half = `${user}-half`
      const before = yield* seenBy(user, [id, half], [])
      const attempts: ReadonlyArray<Attempt> = [
        store.createThread(user, thread(half), [
          put(message(half, "good")),
          put(message(half, "bad"))
        ]),
        store.createThread(user, thread(id, { title: "Again" }), [put(message(id, "second"))]),
        store.commit(user, id, [put(message(id, "good")), put(message(id, "bad"))]),
        store.commit(user, id, [renamed, put(message(id, "bad"))])
      ]
      for (const attempt of attempts) {
        yield* dies(attempt)
        assert.deepEqual(yield* seenBy(user, [id, half], []), before)
      }
    })
  )

  it.effect("takes over no thread and no attachment, and keeps nothing that no id could find", () =>
    Effect.gen(function* () {
      const { attachments, id, store, user } = yield* userWith(1)
      const stranger = UserId.make(unique("stranger"))
      const file = `${user}-file`
      yield* attachments.save(user, attachment(file), roomy)
      const before = yield* seenBy(user, [id], [file])
      const attempts: ReadonlyArray<Attempt> = [
        store.createThread(stranger, thread(id), [put(message(id, "smuggled"))]),
        attachments.save(stranger, attachment(file, { name: "theirs" }), roomy),
        attachments.save(user, attachment("no id"), roomy),
        store.createThread(user, thread("no id"), []),
        store.commit(user, id, [put(message(id, "no id"))])
      ]
      yield* Effect.forEach(attempts, dies)
      assert.deepEqual(yield* seenBy(user, [id], [file]), before)
      assert.strictEqual(yield* failure(attachments.load(stranger, [file])), "NotFound(Attachment)")
    })
  )

  it.effect("loses nothing of what many write at once, in one order for all", () =>
    Effect.gen(function* () {
      const { id, store, user } = yield* userWith(1)
      const added = Array.from({ length: 40 }, (_, i) => [`${i}-a`, `${i}-b`])
      yield* Effect.forEach(
        added,
        (pair) => store.commit(user, id, [renamed, ...pair.map((item) => put(message(id, item)))]),
        { concurrency: "unbounded" }
      )
      const order = idsOf(yield* store.loadThreadItems(user, id, all))
      assert.sameMembers(order, ["first", ...added.flat()])
      for (const [a = "", b] of added) assert.strictEqual(order[order.indexOf(a) + 1], b)
      const sql = yield* SqlClient.SqlClient
      const orphans = yield* sql`
        select 1 from chatkit.items i left join chatkit.threads t on t.id = i.thread_id
        where t.user_id is distinct from i.user_id`
      assert.lengthOf(orphans, 0)
    })
  )

  it.effect("asks for no cursor and no attachment where there is none", () =>
    Effect.gen(function* () {
      const { attachments, id, store, user } = yield* userWith(1)
      const first = store.loadThreadItems(user, id, all)
      assert.lengthOf(yield* statementsOf(first), 1)
      const after = store.loadThreadItems(user, id, { ...all, after: "first" })
      assert.isAbove((yield* statementsOf(after)).length, 1)
      assert.deepStrictEqual(yield* statementsOf(attachments.load(user, [])), [])
    })
  )

  it.effect("says of an attachment whether its upload has finished", () =>
    Effect.gen(function* () {
      const { attachments, user } = yield* userWith(0)
      const { exec } = yield* TestDatabase
      const file = attachment(`${user}-file`)
      yield* attachments.save(user, { ...file, uploaded: true }, roomy)
      assert.deepEqual(yield* attachments.load(user, [file.id]), [file])
      yield* exec(`update chatkit.attachments set upload = 'done' where id = '${file.id}'`)
      yield* attachments.save(user, file, roomy)
      const [loaded] = yield* attachments.load(user, [file.id])
      assert.deepEqual(loaded, { ...file, uploaded: true })
    })
  )

  it.effect("works again after the database was restored from before its tables", () =>
    Effect.gen(function* () {
      const { store, user } = yield* userWith(1)
      const { exec } = yield* TestDatabase
      yield* exec("drop schema chatkit cascade")
      const id = `${user}-new`
      yield* store.createThread(user, thread(id), [put(message(id, "first"))])
      assert.deepEqual(yield* store.loadThread(user, id), thread(id))
      yield* exec("drop schema chatkit cascade")
      assert.strictEqual(yield* failure(store.commit(user, id, [renamed])), "NotFound(Thread)")
    })
  )
})
