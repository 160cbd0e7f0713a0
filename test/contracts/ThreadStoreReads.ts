import { assert, type Vitest } from "@effect/vitest"
import { Effect } from "effect"
import type { ThreadItem } from "../../src/protocol/Items.ts"
import { mostBytes } from "../../src/threads/ThreadStore.ts"
import {
  all,
  answer,
  failure,
  hidden,
  idsOf,
  message,
  newest,
  ofBytes,
  oldest,
  put,
  type Stores,
  thread,
  toolCall,
  userWith,
  visible
} from "../support/ThreadFixtures.ts"

const created_at = "2026-01-02T03:04:05Z"

const oneOfEach = (thread_id: string): ReadonlyArray<ThreadItem> => [
  message(thread_id, "message"),
  answer(thread_id, "answer"),
  toolCall(thread_id, "call"),
  hidden(thread_id, "hidden"),
  {
    id: "task",
    thread_id,
    created_at,
    type: "task",
    task: { status_indicator: "none", type: "custom" }
  },
  { id: "image", thread_id, created_at, type: "generated_image" },
  { id: "end", thread_id, created_at, type: "end_of_turn" },
  { id: "note", thread_id, created_at, type: "sdk_hidden_context", content: "stopped" }
]

/** Every store gives back what was stored. */
export const reads = (it: Vitest.MethodsNonLive<Stores>) => {
  it.effect("gives back what was stored, its members in their order", () =>
    Effect.gen(function* () {
      const { id, store, user } = yield* userWith(1)
      const full = thread(`${id}-full`, {
        title: "Ünïcödé 🙂",
        status: { type: "locked", reason: "done" },
        allowed_image_domains: ["example.com"],
        metadata: { nested: { list: [1, null, "x"] }, z: 1, a: 2 }
      })
      const items = oneOfEach(full.id)
      yield* store.createThread(user, full, items.map(put))
      assert.deepEqual(yield* store.loadThread(user, id), thread(id))
      const loaded = yield* store.loadThread(user, full.id)
      assert.strictEqual(JSON.stringify(loaded), JSON.stringify(full))
      const { data } = yield* store.loadThreadItems(user, full.id, all)
      assert.strictEqual(JSON.stringify(data), JSON.stringify(items))
      for (const item of items) {
        assert.deepEqual(yield* store.loadItem(user, full.id, item.id), item)
        assert.strictEqual(yield* failure(store.loadItem(user, id, item.id)), "NotFound(Item)")
      }
    })
  )

  it.effect("gives a thread with its first visible items at one moment", () =>
    Effect.gen(function* () {
      const { id, store, user } = yield* userWith(1)
      yield* store.commit(user, id, [
        put(hidden(id, "hidden")),
        put(message(id, "second")),
        put(message(id, "third"))
      ])
      for (const limit of [1, 2, 3, 4]) {
        const page = yield* store.loadThreadItems(user, id, { ...visible, limit })
        assert.deepEqual(yield* store.loadThreadWithItems(user, id, limit), {
          thread: thread(id),
          items: page
        })
      }
      const none = `${id}-empty`
      yield* store.createThread(user, thread(none, { title: "Empty" }), [])
      assert.deepEqual(yield* store.loadThreadWithItems(user, none, 20), {
        thread: thread(none, { title: "Empty" }),
        items: { data: [], has_more: false }
      })
    })
  )

  it.effect("pages through threads from either end, and says when there are more", () =>
    Effect.gen(function* () {
      const { ids, store, user } = yield* userWith(5)
      const reversed = ids.toReversed()
      assert.deepEqual(idsOf(yield* store.loadThreads(user, oldest)), ids)
      assert.deepEqual(idsOf(yield* store.loadThreads(user, newest)), reversed)
      for (const [order, sorted] of [
        ["asc", ids],
        ["desc", reversed]
      ] as const) {
        const pages = (after: string | null) => store.loadThreads(user, { order, limit: 2, after })
        const threads = sorted.map((id) => thread(id))
        assert.deepEqual(yield* pages(null), {
          data: threads.slice(0, 2),
          has_more: true,
          after: sorted[1]!
        })
        assert.deepEqual(yield* pages(sorted[1]!), {
          data: threads.slice(2, 4),
          has_more: true,
          after: sorted[3]!
        })
        assert.deepEqual(yield* pages(sorted[3]!), { data: threads.slice(4), has_more: false })
        assert.deepEqual(yield* pages(sorted[4]!), { data: [], has_more: false })
      }
      const exact = yield* store.loadThreads(user, { ...oldest, limit: 5 })
      assert.deepEqual([exact.data.length, exact.has_more, "after" in exact], [5, false, false])
    })
  )

  it.effect("keeps items in the order in which they were added, however their ids sort", () =>
    Effect.gen(function* () {
      const { ids, store, user } = yield* userWith(2)
      const [id = "", other = ""] = ids
      for (const item of ["z", "a", "10", "9"]) {
        yield* store.commit(user, id, [put(message(id, item, item))])
        yield* store.commit(user, other, [put(message(other, item, `${item} elsewhere`))])
      }
      const { data } = yield* store.loadThreadItems(user, id, all)
      assert.deepEqual(data[1], message(id, "z", "z"))
      const order = ["first", "z", "a", "10", "9"]
      for (const [direction, sorted] of [
        ["asc", order],
        ["desc", order.toReversed()]
      ] as const) {
        const query = { ...all, order: direction, limit: 3 }
        const page = yield* store.loadThreadItems(user, id, query)
        assert.deepEqual([idsOf(page), page.after], [sorted.slice(0, 3), sorted[2]])
        const rest = yield* store.loadThreadItems(user, id, { ...query, after: sorted[2]! })
        assert.deepEqual([idsOf(rest), rest.has_more], [sorted.slice(3), false])
      }
    })
  )

  it.effect("gives full pages of visible items, and takes none but those as a cursor", () =>
    Effect.gen(function* () {
      const { id, store, user } = yield* userWith(1)
      const items = Array.from({ length: 20 }, (_, i) =>
        i % 3 === 2 ? message(id, `v${i}`) : hidden(id, `h${i}`)
      )
      yield* store.commit(user, id, items.map(put))
      const first = yield* store.loadThreadItems(user, id, { ...visible, limit: 3 })
      assert.deepEqual([idsOf(first), first.after], [["first", "v2", "v5"], "v5"])
      const second = yield* store.loadThreadItems(user, id, { ...visible, limit: 4, after: "v5" })
      assert.deepEqual([idsOf(second), second.has_more], [["v8", "v11", "v14", "v17"], false])
      const last = yield* store.loadThreadItems(user, id, { ...visible, order: "desc", limit: 1 })
      assert.deepEqual([idsOf(last), last.after], [["v17"], "v17"])
      assert.lengthOf((yield* store.loadThreadItems(user, id, all)).data, 21)

      const afterHidden = { ...visible, after: "h0" }
      assert.strictEqual(
        yield* failure(store.loadThreadItems(user, id, afterHidden)),
        "NotFound(Item)"
      )
      const seen = yield* store.loadThreadItems(user, id, { ...afterHidden, hidden: true })
      assert.strictEqual(idsOf(seen)[0], "h1")
    })
  )

  it.effect("ends a page at the last item it is to show", () =>
    Effect.gen(function* () {
      const { id, store, user } = yield* userWith(1)
      const items = [hidden(id, "h"), message(id, "a"), hidden(id, "g"), message(id, "b")]
      yield* store.commit(user, id, items.map(put))
      const page = (query: object) => store.loadThreadItems(user, id, { ...all, ...query })
      assert.deepEqual(idsOf(yield* page({ upTo: "a" })), ["first", "h", "a"])
      assert.deepEqual(idsOf(yield* page({ upTo: "g", hidden: false })), ["first", "a"])
      assert.deepEqual(idsOf(yield* page({ upTo: "a", order: "desc" })), ["a", "h", "first"])
      assert.deepEqual(idsOf(yield* page({ upTo: "a", after: "first" })), ["h", "a"])
      assert.deepEqual(idsOf(yield* page({ upTo: "first" })), ["first"])
      const bounded = yield* page({ upTo: "a", limit: 3 })
      assert.deepEqual([idsOf(bounded).length, bounded.has_more], [3, false])
      assert.strictEqual(yield* failure(page({ upTo: "unknown" })), "NotFound(Item)")
    })
  )

  it.effect(
    "has no page after an item of another thread, and an empty one where no thread is",
    () =>
      Effect.gen(function* () {
        const { ids, store, user } = yield* userWith(2)
        const [id = "", other = ""] = ids
        yield* store.commit(user, other, [put(message(other, "elsewhere"))])
        for (const after of ["elsewhere", "unknown", id]) {
          const query = { ...all, after }
          assert.strictEqual(
            yield* failure(store.loadThreadItems(user, id, query)),
            "NotFound(Item)"
          )
        }
        const none = yield* store.loadThreadItems(user, "thr_unknown", all)
        assert.deepEqual(none, { data: [], has_more: false })
      })
  )

  it.effect("finds the tool calls that still wait for an answer, the newest first", () =>
    Effect.gen(function* () {
      const { id, store, user } = yield* userWith(1)
      const pending = (calls: ReadonlyArray<{ readonly id: string }>) => calls.map(({ id }) => id)
      const calls = ["c1", "c2", "c3"].map((call) => put(toolCall(id, call)))
      yield* store.commit(user, id, [...calls, put(toolCall(id, "done", "completed"))])
      const before = yield* store.loadPendingToolCalls(user, id)
      assert.deepEqual(pending(before), ["c3", "c2", "c1"])
      yield* store.commit(user, id, [put(toolCall(id, "c2", "completed"))])
      assert.deepEqual(pending(yield* store.loadPendingToolCalls(user, id)), ["c3", "c1"])
      yield* store.commit(user, id, [put(message(id, "c1"))])
      assert.deepEqual(pending(yield* store.loadPendingToolCalls(user, id)), ["c3"])
      assert.deepEqual(yield* store.loadPendingToolCalls(user, "thr_unknown"), [])
      const many = Array.from({ length: 120 }, (_, i) => put(toolCall(id, `many${i}`)))
      yield* store.commit(user, id, many)
      const newest = pending(yield* store.loadPendingToolCalls(user, id))
      assert.deepEqual([newest.length, newest[0], newest[99]], [100, "many119", "many20"])
    })
  )

  it.effect("D3: ends a page near 4 MiB, goes on after it, and gives the largest item alone", () =>
    Effect.gen(function* () {
      const { id, store, user } = yield* userWith(1)
      const megabyte = (name: string) => put(message(id, name, `${name}${"x".repeat(1_000_000)}`))
      const names = Array.from({ length: 7 }, (_, index) => `large${index}`)
      for (const name of names) yield* store.commit(user, id, [megabyte(name)])
      const first = yield* store.loadThreadItems(user, id, { ...all, limit: 500 })
      assert.deepEqual(idsOf(first), ["first", ...names.slice(0, 5)])
      assert.isTrue(first.has_more)
      const after = first.data.at(-1)?.id ?? ""
      const rest = yield* store.loadThreadItems(user, id, { ...all, limit: 500, after })
      assert.deepEqual(idsOf(rest), names.slice(5))
      assert.isFalse(rest.has_more)
      yield* store.commit(user, id, [put(ofBytes(mostBytes, (text) => message(id, "huge", text)))])
      yield* store.commit(user, id, [put(message(id, "last"))])
      const alone = yield* store.loadThreadItems(user, id, { ...all, after: names.at(-1)! })
      assert.deepEqual(idsOf(alone), ["huge"])
      assert.isTrue(alone.has_more)
      const end = yield* store.loadThreadItems(user, id, { ...all, after: "huge" })
      assert.deepEqual(idsOf(end), ["last"])
      const newestFirst = yield* store.loadThreadItems(user, id, { ...all, ...newest, limit: 500 })
      assert.deepEqual(idsOf(newestFirst), ["last", "huge"])
    })
  )
}
