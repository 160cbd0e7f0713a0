import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import type { ThreadMetadata } from "../../src/protocol/Threads.ts"
import { create, get, operation } from "../support/ChatKitService.ts"
import { change, inOrder, message } from "../support/conformance/Responders.ts"
import * as expected from "../support/conformance/Expected.ts"
import {
  assistant,
  changed,
  created,
  done,
  opened,
  sse,
  user
} from "../support/conformance/Expected.ts"
import { ConformanceServer, newClient } from "../support/conformance/ConformanceServer.ts"

const answer = done(assistant("msg_2", "Hello"))

/** Somebody whose thread has been changed by the answer to its first message. */
const changing = Effect.fnUntraced(function* (fields: Partial<ThreadMetadata>) {
  const me = yield* newClient({
    respond: (turn) =>
      inOrder(
        message(turn, "Hello"),
        change(turn, (thread) => ({ ...thread, ...fields }))
      )
  })
  return { me, body: yield* me.stream(create("Hi")) }
})

layer(ConformanceServer.scripted, { excludeTestServices: true })(
  "the reference server's threads",
  (it) => {
    it.effect("6. title set in respond → stored, last event `thread.updated` with it", () =>
      Effect.gen(function* () {
        const { body, me } = yield* changing({ title: "A title" })
        assert.strictEqual(body, sse(...opened("Hi"), answer, changed({ title: "A title" })))
        assert.deepNestedInclude(yield* me.storedThread("thr_1"), { title: "A title" })
      })
    )

    it.effect("7. metadata set in respond → stored, last event `thread.updated`", () =>
      Effect.gen(function* () {
        const metadata = { previous_response_id: "resp_1", nothing: null }
        const { body, me } = yield* changing({ metadata })
        assert.strictEqual(body, sse(...opened("Hi"), answer, changed({})))
        assert.deepNestedInclude(yield* me.storedThread("thr_1"), { metadata })
        const items = expected.page(user("msg_1", "Hi"), assistant("msg_2", "Hello"))
        assert.strictEqual(
          yield* me.document(get("thr_1")),
          JSON.stringify(expected.thread({ items }))
        )
      })
    )

    it.effect("8. status locked with reason → stored, last event carries it", () =>
      Effect.gen(function* () {
        const status = { type: "locked", reason: "Because" } as const
        const { body, me } = yield* changing({ status })
        assert.strictEqual(body, sse(...opened("Hi"), answer, changed({ status })))
        assert.deepNestedInclude(yield* me.storedThread("thr_1"), { status })
        const loaded = JSON.parse(yield* me.document(get("thr_1"))) as unknown
        assert.deepNestedInclude(loaded, { status })
      })
    )

    it.effect("9. allowed_image_domains set → stored, last event carries it", () =>
      Effect.gen(function* () {
        const allowed_image_domains = ["img.example.com", "example.org"]
        const { body, me } = yield* changing({ allowed_image_domains })
        assert.strictEqual(body, sse(...opened("Hi"), answer, changed({ allowed_image_domains })))
        assert.deepNestedInclude(yield* me.storedThread("thr_1"), { allowed_image_domains })
      })
    )

    it.effect("10. not set → key absent in created and updated events", () =>
      Effect.gen(function* () {
        const { body, me } = yield* changing({ title: "A title" })
        assert.include(body, "thread.created")
        assert.include(body, "thread.updated")
        assert.notInclude(body, "allowed_image_domains")
        assert.notProperty(yield* me.storedThread("thr_1"), "allowed_image_domains")
      })
    )

    it.effect(
      "11. title set after message A → `thread.updated` right after the next event (B), then C; stored",
      () =>
        Effect.gen(function* () {
          const me = yield* newClient({
            respond: (turn) =>
              inOrder(
                message(turn, "A"),
                change(turn, (thread) => ({ ...thread, title: "A title" })),
                message(turn, "B"),
                message(turn, "C")
              )
          })
          assert.strictEqual(
            yield* me.stream(create("Hi")),
            sse(
              ...opened("Hi"),
              done(assistant("msg_2", "A")),
              done(assistant("msg_3", "B")),
              changed({ title: "A title" }),
              done(assistant("msg_4", "C"))
            )
          )
          assert.deepNestedInclude(yield* me.storedThread("thr_1"), { title: "A title" })
          assert.lengthOf(yield* me.stored("thr_1"), 4)
        })
    )

    it.effect("23. get thread: id, title, first item is the user message", () =>
      Effect.gen(function* () {
        const { me } = yield* changing({ title: "A title" })
        const items = expected.page(user("msg_1", "Hi"), assistant("msg_2", "Hello"))
        assert.strictEqual(
          yield* me.document(get("thr_1")),
          JSON.stringify(expected.thread({ title: "A title", items }))
        )
      })
    )

    it.effect("33. rename → Thread with the new title", () =>
      Effect.gen(function* () {
        const { me } = yield* changing({ title: "Before", status: { type: "closed" } })
        const rename = operation("threads.update", { thread_id: "thr_1", title: "After" })
        const renamed = expected.thread({ title: "After", status: { type: "closed" } })
        assert.strictEqual(yield* me.document(rename), JSON.stringify(renamed))
        assert.deepNestedInclude(yield* me.storedThread("thr_1"), { title: "After" })
        const list = yield* me.document(operation("threads.list", {}))
        assert.strictEqual(list, JSON.stringify(expected.page(renamed)))
      })
    )

    it.effect("36. delete → `{}`; get afterwards → not found", () =>
      Effect.gen(function* () {
        const me = yield* newClient()
        assert.strictEqual(yield* me.stream(create("Hi")), sse(...opened("Hi")))
        const gone = operation("threads.delete", { thread_id: "thr_1" })
        assert.strictEqual(yield* me.document(gone), "{}")
        assert.deepStrictEqual(yield* me.refusal(get("thr_1")), expected.notFound("Thread"))
        assert.deepStrictEqual(yield* me.stored("thr_1"), [])
        assert.strictEqual(yield* me.document(gone), "{}")
      })
    )

    it.effect("48. id generators of the store are used for thread and message", () =>
      Effect.gen(function* () {
        const me = yield* newClient({ respond: (turn) => message(turn, "Hello") })
        const events = yield* me.stream(create("Hi"))
        assert.strictEqual(
          events,
          sse(created(), done(user("msg_1", "Hi")), expected.options, answer)
        )
        const real = me.unnamed(["thr_1", "msg_1", "msg_2"])
        assert.match(real.join(), /^thr_[0-9a-f]{32},msg_[0-9a-f]{32},msg_[0-9a-f]{32}$/)
        assert.strictEqual(new Set(real.map((id) => id.slice(4))).size, 3)
      })
    )
  }
)
