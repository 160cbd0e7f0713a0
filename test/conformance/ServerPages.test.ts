import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { create, items, list } from "../support/ChatKitService.ts"
import { inOrder, message } from "../support/conformance/Responders.ts"
import * as expected from "../support/conformance/Expected.ts"
import { assistant, user } from "../support/conformance/Expected.ts"
import {
  type Client,
  ConformanceServer,
  newClient
} from "../support/conformance/ConformanceServer.ts"

/** A page of the newest first: objects 1 to `count`, of which the first `seen` are on it. */
const newest = (count: number, seen: number) =>
  Array.from({ length: seen }, (_, index) => count - index)

const withThreads = Effect.fnUntraced(function* (count: number) {
  const me = yield* newClient()
  for (let n = 0; n < count; n++) yield* me.stream(create("Hi"))
  return me
})

const threads = (from: number, count: number) =>
  newest(from, count).map((n) => expected.thread({ id: `thr_${n}` }))

const twentyAndFive = Effect.fnUntraced(function* (me: Client, limit: Record<string, number>) {
  assert.strictEqual(
    yield* me.document(list(limit)),
    JSON.stringify({ data: threads(25, 20), has_more: true, after: "thr_6" })
  )
  assert.strictEqual(
    yield* me.document(list({ ...limit, after: "thr_6" })),
    JSON.stringify({ data: threads(5, 5), has_more: false })
  )
})

layer(ConformanceServer.scripted, { excludeTestServices: true })(
  "the reference server's pages",
  (it) => {
    it.effect(
      "14. 25 threads: limit 20 → 20, newest first, has_more, after; after last id → 5, no more, no after",
      () =>
        Effect.gen(function* () {
          const me = yield* withThreads(25)
          yield* twentyAndFive(me, { limit: 20 })
        })
    )

    it.effect("15. 26 items: default → 20, newest first, more; next page 6", () =>
      Effect.gen(function* () {
        const me = yield* newClient({
          respond: (turn) =>
            inOrder(...Array.from({ length: 25 }, (_, n) => message(turn, `Answer ${n + 2}`)))
        })
        yield* me.stream(create("Hi"))
        const shown = newest(26, 26).map((n) =>
          n === 1 ? user("msg_1", "Hi") : assistant(`msg_${n}`, `Answer ${n}`)
        )
        assert.strictEqual(
          yield* me.document(items("thr_1")),
          JSON.stringify({ data: shown.slice(0, 20), has_more: true, after: "msg_7" })
        )
        assert.strictEqual(
          yield* me.document(items("thr_1", { after: "msg_7" })),
          JSON.stringify({ data: shown.slice(20), has_more: false })
        )
      })
    )

    it.effect("32. threads pagination again, 20 + 5", () =>
      Effect.gen(function* () {
        const me = yield* withThreads(25)
        yield* twentyAndFive(me, {})
        const oldest = threads(25, 25).toReversed()
        assert.strictEqual(
          yield* me.document(list({ limit: 9999, order: "asc" })),
          JSON.stringify({ data: oldest, has_more: false })
        )
      })
    )
  }
)
