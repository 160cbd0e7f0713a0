import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Page, Thread } from "../../../src/protocol/Threads.ts"
import { ThreadStore } from "../../../src/threads/ThreadStore.ts"
import { UserId } from "../../../src/core/User.ts"
import { chatKit, document, get, items, list, refusal } from "../../support/ChatKitService.ts"
import { message, thread } from "../../support/ThreadFixtures.ts"

const ada = UserId.make("ada")

const withThreads = Effect.fnUntraced(function* (count: number) {
  const store = yield* ThreadStore
  const ids = Array.from({ length: count }, (_, i) => `thr_${i}`)
  for (const id of ids)
    yield* store.createThread(ada, thread(id), [
      { type: "put_item", item: message(id, `${id}-first`) }
    ])
  return { ids, store }
})

const listed = Effect.fnUntraced(function* (params: Record<string, unknown> = {}) {
  const { after, data, has_more } = (yield* document(list(params))) as Page<Thread>
  return { ids: data.map(({ id }) => id), has_more, after, data }
})

describe("ChatKit, lists", () => {
  it.effect("shows threads newest first, twenty at a time, and without their items", () =>
    Effect.gen(function* () {
      const { ids } = yield* withThreads(25)
      const reversed = ids.toReversed()
      const first = yield* listed()
      assert.deepEqual([first.ids, first.has_more], [reversed.slice(0, 20), true])
      assert.strictEqual(first.after, reversed[19])
      assert.deepEqual(first.data[0], { ...thread("thr_24"), items: { data: [], has_more: false } })
      const second = yield* listed({ after: first.after })
      assert.deepEqual([second.ids, second.has_more], [reversed.slice(20), false])
      assert.isUndefined(second.after)
      assert.deepEqual((yield* listed({ order: "asc", limit: 3 })).ids, ids.slice(0, 3))
      assert.deepEqual(
        (yield* listed({ order: "asc", limit: 3, after: ids[2] })).ids,
        ids.slice(3, 6)
      )
    }).pipe(Effect.provide(chatKit()))
  )

  it.effect("takes no limit, zero and less for twenty, and no more than 500", () =>
    Effect.gen(function* () {
      yield* withThreads(501)
      for (const [limit, length] of [
        [undefined, 20],
        [null, 20],
        [0, 20],
        [-1, 20],
        [1, 1],
        ["7", 7],
        [true, 1],
        [500, 500],
        [9999, 500]
      ] as const) {
        const page = yield* listed(limit === undefined ? {} : { limit })
        assert.strictEqual(page.ids.length, length, String(limit))
        assert.isTrue(page.has_more)
        assert.strictEqual(page.after, page.ids.at(-1))
      }
    }).pipe(Effect.provide(chatKit()))
  )

  it.effect("gives a client that asks for 9999 all there are", () =>
    Effect.gen(function* () {
      yield* withThreads(25)
      const { after, has_more, ids } = yield* listed({ limit: 9999 })
      assert.deepEqual([ids.length, has_more, after], [25, false, undefined])
    }).pipe(Effect.provide(chatKit()))
  )

  it.effect("lists the user's own threads only", () =>
    Effect.gen(function* () {
      yield* withThreads(3)
      assert.deepEqual<unknown>(yield* document(list(), "grace"), { data: [], has_more: false })
    }).pipe(Effect.provide(chatKit()))
  )

  it.effect("shows the first twenty items of a thread, oldest first", () =>
    Effect.gen(function* () {
      const { store } = yield* withThreads(1)
      for (let i = 1; i <= 24; i++) {
        const item = message("thr_0", `m${i}`)
        yield* store.commit(ada, "thr_0", [{ type: "put_item", item }])
      }
      const { items } = (yield* document(get("thr_0"))) as Thread
      assert.deepEqual(
        items.data.map(({ id }) => id),
        ["thr_0-first", ...Array.from({ length: 19 }, (_, i) => `m${i + 1}`)]
      )
      assert.deepEqual([items.has_more, items.after], [true, "m19"])
    }).pipe(Effect.provide(chatKit()))
  )

  it.effect("E9: names the cursor whose row is deleted, and not the thread that is there", () =>
    Effect.gen(function* () {
      const { store } = yield* withThreads(3)
      const item = message("thr_0", "gone")
      yield* store.commit(ada, "thr_0", [{ type: "put_item", item }])
      yield* store.commit(ada, "thr_0", [{ type: "delete_item", item_id: "gone" }])
      yield* store.deleteThread(ada, "thr_1")
      for (const [query, person] of [
        [list({ after: "thr_1" }), "ada"],
        [items("thr_0", { after: "gone" }), "ada"],
        // Another user's is as good as deleted.
        [list({ after: "thr_0" }), "grace"],
        [items("thr_0", { after: "thr_0-first" }), "grace"]
      ] as const) {
        const refused = yield* refusal(query, person)
        assert.deepInclude(refused, { _tag: "NotFound", object: "Cursor" })
      }
    }).pipe(Effect.provide(chatKit()))
  )
})
