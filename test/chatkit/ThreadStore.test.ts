import { assert, layer, type Vitest } from "@effect/vitest"
import { Cause, Effect, Exit, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { ThreadStore } from "../../src/chatkit/ThreadStore.ts"
import { Outage } from "../../src/db/Outage.ts"
import { ThreadSchema } from "../../src/db/ThreadSchema.ts"
import { ThreadStorePg } from "../../src/db/ThreadStorePg.ts"
import { UserId } from "../../src/domain/User.ts"
import { LogBudget } from "../../src/telemetry/LogBudget.ts"
import { SharedDatabase, unique } from "../db/Storage.ts"
import { ThreadStoreMemory } from "../Doubles.ts"
import { TestDatabase } from "../TestDatabase.ts"
import { message, thread } from "./Threads.ts"

const OnPostgreSQL = ThreadStorePg.pipe(
  Layer.provide([Outage.layer, ThreadSchema.layer]),
  Layer.provide(LogBudget.layer),
  Layer.provideMerge(SharedDatabase)
)

const newest = { order: "desc", limit: 20, after: null } as const
const oldest = { order: "asc", limit: 20, after: null } as const

/** What no id looks like, and what would be an id if somebody trimmed, folded or unescaped it. */
const oddIds = (id: string) => [
  "",
  "\u0000",
  `${id}\u0000`,
  `${id} `,
  ` ${id}`,
  `${id}\n`,
  id.toUpperCase(),
  `${id}%`,
  "%",
  "'",
  "\ud800",
  "\u{1f600}",
  "x".repeat(129),
  "x".repeat(100_000)
]

/** A user nobody else is, with so many threads `<user>-0`, `<user>-1`, … */
const userWith = Effect.fnUntraced(function* (count: number) {
  const store = yield* ThreadStore
  const user = UserId.make(unique("user"))
  const ids = Array.from({ length: count }, (_, i) => `${user}-${i}`)
  for (const id of ids) yield* store.create(user, thread(id), message(id, `${id}-first`))
  return { store, user, ids }
})

const idsOf = (page: { readonly data: ReadonlyArray<{ readonly id: string }> }) =>
  page.data.map(({ id }) => id)

/** What every store does. */
const behaviour = (it: Vitest.MethodsNonLive<ThreadStore>) => {
  it.effect("gives back what was stored", () =>
    Effect.gen(function* () {
      const { ids, store, user } = yield* userWith(1)
      const [id = ""] = ids
      const full = thread(`${id}-full`, {
        title: "Ünïcödé 🙂",
        status: { type: "locked", reason: "done" },
        allowed_image_domains: ["example.com"],
        metadata: { nested: { list: [1, null, "x"] } }
      })
      yield* store.create(user, full, message(full.id, "m"))
      assert.deepEqual(yield* store.load(user, id), thread(id))
      assert.deepEqual(yield* store.load(user, full.id), full)
      assert.strictEqual(JSON.stringify(yield* store.load(user, full.id)), JSON.stringify(full))
    })
  )

  it.effect("pages through threads from either end, and says when there are more", () =>
    Effect.gen(function* () {
      const { ids, store, user } = yield* userWith(5)
      const reversed = ids.toReversed()
      assert.deepEqual(idsOf(yield* store.list(user, oldest)), ids)
      assert.deepEqual(idsOf(yield* store.list(user, newest)), reversed)

      for (const [order, all] of [
        ["asc", ids],
        ["desc", reversed]
      ] as const) {
        const first = yield* store.list(user, { order, limit: 2, after: null })
        assert.deepEqual(
          [idsOf(first), first.has_more, first.after],
          [all.slice(0, 2), true, all[1]]
        )
        const second = yield* store.list(user, { order, limit: 2, after: all[1]! })
        assert.deepEqual(
          [idsOf(second), second.has_more, second.after],
          [all.slice(2, 4), true, all[3]]
        )
        const last = yield* store.list(user, { order, limit: 2, after: all[3]! })
        assert.deepEqual(last, { data: [thread(all[4]!)], has_more: false })
      }
      const exact = yield* store.list(user, { order: "asc", limit: 5, after: null })
      assert.deepEqual([exact.data.length, exact.has_more, "after" in exact], [5, false, false])
      assert.deepEqual(yield* store.list(user, { ...oldest, after: ids[4]! }), {
        data: [],
        has_more: false
      })
    })
  )

  it.effect("knows no cursor that is none of the user's threads", () =>
    Effect.gen(function* () {
      const { ids, store, user } = yield* userWith(2)
      const other = yield* userWith(1)
      for (const after of [...oddIds(ids[0]!), other.ids[0]!, `${ids[0]}-first`]) {
        for (const query of [oldest, newest]) {
          const failed = yield* Effect.flip(store.list(user, { ...query, after }))
          assert.strictEqual(failed._tag, "NotFound", JSON.stringify(after).slice(0, 80))
        }
      }
    })
  )

  it.effect("shows nobody another's threads and takes nothing into them", () =>
    Effect.gen(function* () {
      const { ids, store, user } = yield* userWith(1)
      const [id = ""] = ids
      const stranger = UserId.make(unique("stranger"))
      for (const other of [stranger, UserId.make(user.toUpperCase()), UserId.make(`${user} `)]) {
        assert.strictEqual((yield* Effect.flip(store.load(other, id)))._tag, "NotFound")
        const added = yield* Effect.flip(store.addItem(other, message(id, "smuggled")))
        assert.strictEqual(added._tag, "NotFound")
        assert.deepEqual(yield* store.list(other, newest), { data: [], has_more: false })
        assert.deepEqual(yield* store.firstItems(other, id, 20), { data: [], has_more: false })
      }
      assert.deepEqual(idsOf(yield* store.firstItems(user, id, 20)), [`${id}-first`])
    })
  )

  it.effect("finds no thread by an id with odd bytes", () =>
    Effect.gen(function* () {
      const { ids, store, user } = yield* userWith(1)
      for (const id of oddIds(ids[0]!)) {
        const failed = yield* Effect.flip(store.load(user, id))
        assert.strictEqual(failed._tag, "NotFound", JSON.stringify(id).slice(0, 80))
      }
    })
  )

  it.effect("adds no item to a thread by an id with odd bytes, and finds none in it", () =>
    Effect.gen(function* () {
      const { ids, store, user } = yield* userWith(1)
      for (const id of oddIds(ids[0]!)) {
        const added = yield* Effect.flip(store.addItem(user, message(id, "odd")))
        assert.strictEqual(added._tag, "NotFound", JSON.stringify(id).slice(0, 80))
        assert.deepEqual(yield* store.firstItems(user, id, 20), { data: [], has_more: false })
      }
    })
  )

  it.effect("keeps items in the order in which they were added, however their ids sort", () =>
    Effect.gen(function* () {
      const { ids, store, user } = yield* userWith(2)
      const [id = "", other = ""] = ids
      for (const item of ["z", "a", "10", "9"]) {
        yield* store.addItem(user, message(id, item, item))
        yield* store.addItem(user, message(other, item, `${item} elsewhere`))
      }
      const all = yield* store.firstItems(user, id, 20)
      assert.deepEqual(idsOf(all), [`${id}-first`, "z", "a", "10", "9"])
      assert.isFalse(all.has_more)
      assert.deepEqual(all.data[1], message(id, "z", "z"))
      const some = yield* store.firstItems(user, id, 2)
      assert.deepEqual([idsOf(some), some.has_more, some.after], [[`${id}-first`, "z"], true, "z"])
    })
  )

  it.effect("keeps every text a client may send", () =>
    Effect.gen(function* () {
      const { ids, store, user } = yield* userWith(1)
      const [id = ""] = ids
      const texts = [
        "",
        "\u0000",
        "a\u0000b",
        "\ud800",
        "\udc00\ud800",
        "\\u0000",
        "\u0001\u007f\u2028",
        "🙂\u0301",
        `"'$1;--`,
        "x".repeat(200_000)
      ]
      for (const [i, text] of texts.entries()) yield* store.addItem(user, message(id, `${i}`, text))
      const { data } = yield* store.firstItems(user, id, 20)
      assert.deepEqual(
        data.slice(1),
        texts.map((text, i) => message(id, `${i}`, text))
      )
      const titled = thread(`${id}-titled`, {
        title: "\u0000\ud800",
        metadata: { "\u0000": "\udfff" }
      })
      yield* store.create(user, titled, message(titled.id, "m", "\u0000"))
      assert.deepEqual(yield* store.load(user, titled.id), titled)
    })
  )
}

const live = { excludeTestServices: true }

layer(ThreadStoreMemory, live)("ThreadStore, in memory", behaviour)

layer(OnPostgreSQL, live)("ThreadStore, in PostgreSQL", (it) => {
  behaviour(it)

  it.effect("stores neither thread nor item when one of them cannot be", () =>
    Effect.gen(function* () {
      const { ids, store, user } = yield* userWith(1)
      const { exec } = yield* TestDatabase
      yield* exec("alter table chatkit.items add constraint no_bad check (id <> 'bad')")
      const half = yield* Effect.exit(
        store.create(user, thread(`${user}-half`), message(`${user}-half`, "bad"))
      )
      assert.isTrue(Exit.isFailure(half) && Cause.hasDies(half.cause))
      assert.strictEqual((yield* Effect.flip(store.load(user, `${user}-half`)))._tag, "NotFound")

      const again = yield* Effect.exit(
        store.create(user, thread(ids[0]!, { title: "Again" }), message(ids[0]!, "second"))
      )
      assert.isTrue(Exit.isFailure(again) && Cause.hasDies(again.cause))
      assert.deepEqual(yield* store.load(user, ids[0]!), thread(ids[0]!))
      assert.lengthOf((yield* store.firstItems(user, ids[0]!, 20)).data, 1)
    })
  )

  it.effect("loses nothing of what many write at once", () =>
    Effect.gen(function* () {
      const { ids, store, user } = yield* userWith(1)
      const added = Array.from({ length: 40 }, (_, i) => `item-${i}`)
      yield* Effect.forEach(added, (item) => store.addItem(user, message(ids[0]!, item)), {
        concurrency: "unbounded"
      })
      const { data } = yield* store.firstItems(user, ids[0]!, 100)
      assert.sameMembers(
        data.map(({ id }) => id),
        [`${ids[0]}-first`, ...added]
      )
      const sql = yield* SqlClient.SqlClient
      const orphans = yield* sql`
          select 1 from chatkit.items i left join chatkit.threads t on t.id = i.thread_id
          where t.user_id is distinct from i.user_id`
      assert.lengthOf(orphans, 0)
    })
  )
})
