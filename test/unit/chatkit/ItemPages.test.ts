import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TooManyRequests } from "../../../src/core/Errors.ts"
import { UserId } from "../../../src/core/User.ts"
import { UserLimits } from "../../../src/core/UserLimits.ts"
import type { ThreadItem } from "../../../src/protocol/Items.ts"
import type { Page, Thread } from "../../../src/protocol/Threads.ts"
import { ThreadStore } from "../../../src/threads/ThreadStore.ts"
import { chatKit, document, get, items, refusal } from "../../support/ChatKitService.ts"
import { storesWith } from "../../support/StoresMemory.ts"
import { hidden, idsOf, message, put, thread } from "../../support/ThreadFixtures.ts"

const ada = UserId.make("ada")
const id = "thr_large"

/** Seven messages of a megabyte and one that the client does not see, after a short one. */
const largeThread = Effect.gen(function* () {
  const store = yield* ThreadStore
  const large = Array.from({ length: 7 }, (_, i) => message(id, `m${i}`, "x".repeat(1_000_000)))
  const all = [
    message(id, "first", "short"),
    ...large.slice(0, 2),
    hidden(id, "note", "y".repeat(1_000_000)),
    ...large.slice(2)
  ]
  yield* store.createThread(ada, thread(id), all.map(put))
})

/** Limits that write down what is read, and refuse the piece of this number. */
const watching = (seen: Array<string>, refused = Infinity) => {
  let pieces = 0
  return Layer.succeed(UserLimits, {
    limited: () => (work) => work,
    takeBody: () => Effect.void,
    reading: (userId) => (work) =>
      Effect.suspend(() => {
        seen.push(`${userId} reads`)
        return work({
          mayRead: Effect.suspend(() =>
            ++pieces === refused ? Effect.fail(new TooManyRequests()) : Effect.void
          ),
          hasRead: (length) =>
            Effect.sync(() => {
              seen.push(`${(length / 1_000_000).toFixed(1)} MB`)
            })
        })
      })
  })
}

const megabytes = (count: number) => Array.from({ length: count }, () => "1.0 MB")

describe("a page of items", () => {
  const seen: Array<string> = []

  it.effect("D3: is read in pieces and ends near 4 MiB; the next one goes on after it", () =>
    Effect.gen(function* () {
      yield* largeThread
      const page = (yield* document(items(id, { limit: 9999, order: "asc" }))) as Page<ThreadItem>
      assert.deepEqual(idsOf(page), ["first", "m0", "m1", "m2", "m3", "m4"])
      assert.deepEqual([page.has_more, page.after], [true, "m4"])
      assert.deepEqual(seen.splice(0), ["ada reads", ...megabytes(5)])
      const rest = items(id, { limit: 9999, order: "asc", after: "m4" })
      const last = (yield* document(rest)) as Page<ThreadItem>
      assert.deepEqual(idsOf(last), ["m5", "m6"])
      assert.deepEqual([last.has_more, last.after], [false, undefined])
      assert.deepEqual(seen.splice(0), ["ada reads", ...megabytes(2)])
    }).pipe(Effect.provide(chatKit().pipe(Layer.provideMerge(watching(seen)))))
  )

  it.effect("D3: has as many items as were asked for, over all of its pieces", () =>
    Effect.gen(function* () {
      yield* largeThread
      const page = (yield* document(items(id, { limit: 3 }))) as Page<ThreadItem>
      assert.deepEqual(idsOf(page), ["m6", "m5", "m4"])
      assert.deepEqual([page.has_more, page.after], [true, "m4"])
      const opened = (yield* document(get(id))) as Thread
      assert.deepEqual(idsOf(opened.items), ["first", "m0", "m1", "m2", "m3", "m4"])
      assert.deepEqual([opened.id, opened.items.has_more, opened.items.after], [id, true, "m4"])
      assert.deepEqual(seen.splice(0), ["ada reads", ...megabytes(3), "ada reads", ...megabytes(5)])
    }).pipe(Effect.provide(chatKit().pipe(Layer.provideMerge(watching(seen)))))
  )

  it.effect("D3: ends with the item that is removed before the next piece is read", () => {
    const removing = storesWith((store) => ({
      loadThreadItems: (userId, threadId, query) =>
        Effect.tap(store.loadThreadItems(userId, threadId, query), () =>
          Effect.orDie(store.commit(userId, threadId, [{ type: "delete_item", item_id: "m0" }]))
        )
    }))
    return Effect.gen(function* () {
      yield* largeThread
      const page = (yield* document(items(id, { order: "asc" }))) as Page<ThreadItem>
      assert.deepEqual([idsOf(page), page.has_more, page.after], [["first", "m0"], true, "m0"])
    }).pipe(Effect.provide(chatKit(undefined, removing)))
  })

  it.effect("D3: is refused when its user has read too much to go on", () =>
    Effect.gen(function* () {
      yield* largeThread
      assert.deepStrictEqual(yield* refusal(items(id)), new TooManyRequests())
    }).pipe(Effect.provide(chatKit().pipe(Layer.provideMerge(watching([], 3)))))
  )
})
