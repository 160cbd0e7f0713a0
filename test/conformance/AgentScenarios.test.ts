import { assert, layer } from "@effect/vitest"
import { type Cause, Deferred, Effect, Queue, Stream } from "effect"
import * as Answer from "../../src/responder/Answer.ts"
import { card } from "../../src/responder/playground/Card.ts"
import type { ResponseEventInput } from "../../src/protocol/Events.ts"
import type { ResponderShape } from "../../src/responder/Responder.ts"
import { add, create, operation } from "../support/ChatKitService.ts"
import { done as says, inOrder, intoHistory, textOf } from "../support/conformance/Responders.ts"
import * as expected from "../support/conformance/Expected.ts"
import {
  done,
  type Fields,
  opened,
  spoken,
  sse,
  updated,
  user
} from "../support/conformance/Expected.ts"
import { ConformanceServer, newClient } from "../support/conformance/ConformanceServer.ts"

// 4, 7 to 13 and 18 to 23 turn items into a model's input, or a model's output into events.

const root = (value: string, streaming?: boolean) => ({
  type: "Card",
  children: [{ id: "t", type: "Text", value, ...(streaming === undefined ? {} : { streaming }) }]
})

const shown = (...state: Parameters<typeof root>) => expected.widget("msg_2", root(...state))
const rootUpdate = (...state: Parameters<typeof root>) =>
  updated("msg_2", "widget.root.updated", { widget: root(...state) })
const delta = (delta: string, done: boolean) =>
  updated("msg_2", "widget.streaming_text.value_delta", { component_id: "t", delta, done })

/** The events that answer a new client's first message, without the opening ones. */
const answering = Effect.fnUntraced(function* (
  respond: ResponderShape["respond"],
  ...events: ReadonlyArray<Fields>
) {
  const me = yield* newClient({ respond })
  assert.strictEqual(yield* me.stream(create("Hi")), sse(...opened("Hi"), ...events))
})

/** An answer of two sources at once, where the one can wait until the other was heard. */
const merging = (
  model: (tool: (text: string) => Answer.Answer) => Answer.Answer,
  ...queued: ReadonlyArray<string>
) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const queue = yield* Queue.make<readonly [string, Deferred.Deferred<void>], Cause.Done>()
      const tool = (text: string) =>
        Effect.gen(function* () {
          const heard = yield* Deferred.make<void>()
          yield* Queue.offer(queue, [text, heard])
          return heard
        })
      const before = yield* Effect.forEach(queued, tool)
      const progress = Stream.flatMap(Stream.fromQueue(queue), ([text, heard]) =>
        Stream.concat(
          Stream.succeed<ResponseEventInput>({ type: "progress_update", text }),
          Stream.fromEffectDrain(Deferred.succeed(heard, undefined))
        )
      )
      const run = inOrder(
        Stream.fromEffectDrain(Effect.forEach(before, (heard) => Deferred.await(heard))),
        model((text) => Stream.fromEffectDrain(Effect.flatMap(tool(text), Deferred.await)))
      )
      return Stream.merge(progress, Stream.ensuring(run, Queue.end(queue)))
    })
  )

const progress = (text: string) => ({ type: "progress_update", text })

layer(ConformanceServer.scripted, { excludeTestServices: true })(
  "the reference server's agents",
  (it) => {
    it.effect("1. widget from a tool → one done event", () =>
      answering((turn) => Answer.widget(turn, card("Hello", "t")), done(shown("Hello")))
    )

    it.effect("2. widget generator from a tool → added, delta, done", () =>
      answering(
        (turn) =>
          Answer.streamWidget(turn, Stream.make(card("Hello", "t"), card("Hello, world", "t"))),
        expected.added(shown("Hello")),
        delta(", world", true),
        done(shown("Hello, world"))
      )
    )

    it.effect("3. generator with full replacement → added, root update, done", () =>
      answering(
        (turn) => Answer.streamWidget(turn, Stream.make(card("Hello", "t"), card("World", "t"))),
        expected.added(shown("Hello")),
        rootUpdate("World"),
        done(shown("World"))
      )
    )

    it.effect("5. accumulated text widgets: empty, growing, final with streaming false", () =>
      answering(
        (turn) => {
          const texts = Stream.scan(
            Stream.make("Hel", "lo"),
            () => "",
            (text, more) => text + more
          )
          return Answer.streamWidget(
            turn,
            Stream.concat(
              Stream.map(texts, (text) => card(text, "t", true)),
              Stream.make(card("Hello", "t", false))
            )
          )
        },
        expected.added(shown("", true)),
        delta("Hel", false),
        delta("lo", false),
        rootUpdate("Hello", false),
        done(shown("Hello", false))
      )
    )

    it.effect("6. quoted text only for the last user message", () =>
      Effect.gen(function* () {
        const seen: Array<unknown> = []
        const me = yield* newClient({
          respond: ({ message }) => {
            seen.push(message?.quoted_text)
            return Stream.empty
          }
        })
        yield* me.stream(create("Hi", { quoted_text: "Before" }))
        yield* me.stream(add("thr_1", "And", { quoted_text: "Now" }))
        yield* me.stream(add("thr_1", "So"))
        assert.deepStrictEqual(seen, ["Before", "Now", undefined])
      })
    )

    it.effect("14. tool calls: pending dropped, completed = call + output; task text", () =>
      Effect.gen(function* () {
        const seen: Array<unknown> = []
        const task = { status_indicator: "none", type: "custom", title: "Done" } as const
        const me = yield* newClient({
          respond: (turn) =>
            textOf(turn) === undefined
              ? intoHistory(turn, seen)
              : inOrder(
                  says(turn, { type: "task", task }, "task"),
                  Answer.clientToolCall(turn, { name: "look", arguments: {}, call_id: "call_1" })
                )
        })
        yield* me.stream(create("One"))
        yield* me.stream(add("thr_1", "Two"))
        const result = { found: [1, null] }
        yield* me.stream(
          operation("threads.add_client_tool_output", { thread_id: "thr_1", result })
        )
        const call = { status: "completed", call_id: "call_1", name: "look", arguments: {} }
        assert.deepStrictEqual(me.named(seen), [
          user("msg_1", "One"),
          expected.item("tsk_1", "task", { task }),
          user("msg_2", "Two"),
          expected.item("tsk_2", "task", { task }),
          expected.item("tc_2", "client_tool_call", { ...call, output: result })
        ])
      })
    )

    it.effect("15. structured input → status and one line per question", () =>
      Effect.gen(function* () {
        const seen: Array<unknown> = []
        const questions = ["one", "two"].map((id) => ({ id, question: `${id}?` }))
        const me = yield* newClient({
          respond: (turn) =>
            textOf(turn) === undefined
              ? intoHistory(turn, seen)
              : says(turn, {
                  type: "structured_input",
                  inputs: questions.map((question) => ({ ...question, type: "freeform" }))
                })
        })
        yield* me.stream(create("Ask"))
        const input = { answers: { one: { values: ["Yes"] } } }
        const params = { thread_id: "thr_1", item_id: "msg_2", input }
        yield* me.stream(operation("threads.add_structured_input", params))
        const answers = [
          { values: ["Yes"], skipped: false },
          { values: [], skipped: true }
        ]
        assert.deepStrictEqual(me.named(seen), [
          user("msg_1", "Ask"),
          expected.item("msg_2", "structured_input", {
            status: "answered",
            inputs: questions.map((question, index) => ({
              ...question,
              type: "freeform",
              answer: answers[index]!
            }))
          })
        ])
      })
    )

    it.effect("16. queued events flow before the model's; ends when the run ends", () =>
      answering(
        (turn) => merging(() => Answer.say(turn, "Hello, world"), "First", "Second"),
        progress("First"),
        progress("Second"),
        ...spoken("msg_2", "Hello,", " world")
      )
    )

    it.effect("17. queued and model events merge", () =>
      answering(
        (turn) =>
          merging((tool) =>
            inOrder(Answer.say(turn, "Before"), tool("Working"), Answer.say(turn, "After"))
          ),
        ...spoken("msg_2", "Before"),
        progress("Working"),
        ...spoken("msg_3", "After")
      )
    )
  }
)
