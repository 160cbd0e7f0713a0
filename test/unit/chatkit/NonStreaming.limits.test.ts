import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { UserId } from "../../../src/core/User.ts"
import { ThreadStore } from "../../../src/threads/ThreadStore.ts"
import { chatKit, document, refusal, responding } from "../../support/ChatKitService.ts"
import { thread } from "../../support/ThreadFixtures.ts"

const ada = UserId.make("ada")

const withThread = Effect.flatMap(ThreadStore, (store) =>
  store.createThread(ada, thread("thr_1"), [])
)

const feedback = (thread_id: string, count = 1) => ({
  type: "items.feedback",
  params: { thread_id, kind: "positive", item_ids: Array.from({ length: count }, () => "msg_1") }
})

const rename = (title: string) => ({
  type: "threads.update",
  params: { thread_id: "thr_1", title }
})

describe("ChatKit, limits", () => {
  it.effect("D2: refuses a title of more than 1,000 characters, and stores none of it", () =>
    Effect.gen(function* () {
      yield* withThread
      yield* document(rename("a".repeat(1_000)))
      const refused = yield* refusal(rename("b".repeat(1_001)))
      assert.deepInclude(refused, {
        _tag: "InvalidRequest",
        problem: "Invalid request: params.title is longer than 1,000 characters"
      })
      const { title } = yield* (yield* ThreadStore).loadThread(ada, "thr_1")
      assert.strictEqual(title, "a".repeat(1_000))
    }).pipe(Effect.provide(chatKit()))
  )

  it.effect("D2: refuses feedback on more than 1,000 items", () =>
    Effect.gen(function* () {
      yield* withThread
      assert.deepEqual(yield* document(feedback("thr_1", 1_000)), {})
      assert.deepInclude(yield* refusal(feedback("thr_1", 1_001)), {
        _tag: "InvalidRequest",
        problem: "Invalid request: params.item_ids names more than 1,000 items"
      })
    }).pipe(Effect.provide(chatKit()))
  )

  it.effect("F3: knows no thread for feedback on an unknown one, and tells no responder", () => {
    let told = 0
    const responder = responding(() => Stream.empty, {
      addFeedback: () => Effect.sync(() => void told++)
    })
    return Effect.gen(function* () {
      yield* withThread
      for (const [id, person] of [
        ["thr_2", "ada"],
        ["thr_1", "grace"]
      ] as const) {
        const refused = yield* refusal(feedback(id), person)
        assert.deepInclude(refused, { _tag: "NotFound", object: "Thread" })
      }
      assert.strictEqual(told, 0)
      yield* document(feedback("thr_1"))
      assert.strictEqual(told, 1)
    }).pipe(Effect.provide(chatKit(responder)))
  })

  it.effect("F2: sends no hidden item that a synchronous action returns", () =>
    Effect.gen(function* () {
      yield* withThread
      const action = {
        type: "threads.sync_custom_action",
        params: { thread_id: "thr_1", action: { type: "go" } }
      }
      assert.deepEqual(yield* document(action), {})
    }).pipe(
      Effect.provide(
        chatKit(
          responding(() => Stream.empty, {
            syncAction: () =>
              Effect.succeed({
                id: "hid_1",
                thread_id: "thr_1",
                created_at: "2025-01-01T00:00:00.000Z",
                type: "hidden_context_item" as const,
                content: "secret"
              })
          })
        )
      )
    )
  )
})
