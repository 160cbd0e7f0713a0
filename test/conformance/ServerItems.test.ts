import { assert, layer } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as Answer from "../../src/responder/Answer.ts"
import { card } from "../../src/responder/playground/Card.ts"
import type { Turn } from "../../src/responder/Turn.ts"
import { add, create, operation } from "../support/ChatKitService.ts"
import {
  assistant as said,
  inOrder,
  message,
  one,
  textOf
} from "../support/conformance/Responders.ts"
import * as expected from "../support/conformance/Expected.ts"
import { assistant, done, opened, options, sse, user } from "../support/conformance/Expected.ts"
import { ConformanceServer, newClient } from "../support/conformance/ConformanceServer.ts"

const root = (value: string) => ({
  type: "Card",
  children: [{ id: "t", type: "Text", value, streaming: true }]
})

const growing = (turn: Turn, ...values: ReadonlyArray<string>) =>
  Answer.streamWidget(turn, Stream.fromIterable(values.map((value) => card(value, "t", true))))

/** Says something about the newest item of a type. */
const onNewest = (
  turn: Turn,
  type: string,
  use: (item: {
    readonly id: string
    readonly thread_id: string
    readonly created_at: string
  }) => Answer.Answer
): Answer.Answer =>
  Stream.unwrap(
    Effect.map(turn.history(), ({ data }) => {
      const item = data.find((item) => item.type === type)
      return item === undefined ? Stream.die(new Error(`no ${type}`)) : use(item)
    })
  )

layer(ConformanceServer.scripted, { excludeTestServices: true })(
  "the reference server's items",
  (it) => {
    it.effect(
      "34. widget generator: added, three deltas `Hel`, `lo,`, ` world`, done with the final widget",
      () =>
        Effect.gen(function* () {
          const me = yield* newClient({
            respond: (turn) => growing(turn, "", "Hel", "Hello,", "Hello, world")
          })
          const delta = (delta: string) =>
            expected.updated("msg_2", "widget.streaming_text.value_delta", {
              component_id: "t",
              delta,
              done: false
            })
          const last = expected.widget("msg_2", root("Hello, world"))
          assert.strictEqual(
            yield* me.stream(create("Hi")),
            sse(
              ...opened("Hi"),
              expected.added(expected.widget("msg_2", root(""))),
              delta("Hel"),
              delta("lo,"),
              delta(" world"),
              done(last)
            )
          )
          assert.deepStrictEqual(
            yield* me.reload("thr_1"),
            expected.page(user("msg_1", "Hi"), last)
          )
        })
    )

    it.effect("35. widget generator, text not extended → root update", () =>
      Effect.gen(function* () {
        const me = yield* newClient({ respond: (turn) => growing(turn, "Hello", "Goodbye") })
        assert.strictEqual(
          yield* me.stream(create("Hi")),
          sse(
            ...opened("Hi"),
            expected.added(expected.widget("msg_2", root("Hello"))),
            expected.updated("msg_2", "widget.root.updated", { widget: root("Goodbye") }),
            done(expected.widget("msg_2", root("Goodbye")))
          )
        )
      })
    )

    it.effect("37. `removed` → item gone from items.list", () =>
      Effect.gen(function* () {
        const me = yield* newClient({
          respond: (turn) =>
            textOf(turn) === "Hi"
              ? message(turn, "Hello")
              : onNewest(turn, "assistant_message", ({ id }) =>
                  one({ type: "thread.item.removed", item_id: id })
                )
        })
        yield* me.stream(create("Hi"))
        assert.strictEqual(
          yield* me.stream(add("thr_1", "Away")),
          sse(done(user("msg_3", "Away")), options, expected.removed("msg_2"))
        )
        assert.strictEqual(
          yield* me.document(operation("items.list", { thread_id: "thr_1", order: "asc" })),
          JSON.stringify(expected.page(user("msg_1", "Hi"), user("msg_3", "Away")))
        )
      })
    )

    it.effect("39. `replaced` user → assistant message: stored under the same id", () =>
      Effect.gen(function* () {
        const me = yield* newClient({
          respond: (turn) =>
            onNewest(turn, "user_message", ({ created_at, id, thread_id }) =>
              one({
                type: "thread.item.replaced",
                item: { id, thread_id, created_at, ...said("Mine now") }
              })
            )
        })
        const after = assistant("msg_1", "Mine now")
        assert.strictEqual(
          yield* me.stream(create("Hi")),
          sse(...opened("Hi"), expected.replaced(after))
        )
        assert.deepStrictEqual(yield* me.stored("thr_1"), [after])
        assert.deepStrictEqual(yield* me.reload("thr_1"), expected.page(after))
      })
    )

    it.effect("40. `replaced` widget: event and store hold the new widget", () =>
      Effect.gen(function* () {
        const me = yield* newClient({
          respond: (turn) =>
            inOrder(
              Answer.widget(turn, card("Before", "t", true)),
              onNewest(turn, "widget", ({ created_at, id, thread_id }) =>
                one({
                  type: "thread.item.replaced",
                  item: {
                    id,
                    thread_id,
                    created_at,
                    type: "widget",
                    widget: card("After", "t", true)
                  }
                })
              )
            )
        })
        const after = expected.widget("msg_2", root("After"))
        assert.strictEqual(
          yield* me.stream(create("Hi")),
          sse(
            ...opened("Hi"),
            done(expected.widget("msg_2", root("Before"))),
            expected.replaced(after)
          )
        )
        assert.deepStrictEqual(yield* me.stored("thr_1"), [user("msg_1", "Hi"), after])
      })
    )
  }
)
