import { assert, layer } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as Answer from "../../src/responder/Answer.ts"
import { card } from "../../src/responder/playground/Card.ts"
import type { ResponderShape } from "../../src/responder/Responder.ts"
import type { StructuredInputAnswer } from "../../src/protocol/StructuredInputs.ts"
import { create, operation } from "../support/ChatKitService.ts"
import { done, message, one, textOf } from "../support/conformance/Responders.ts"
import * as expected from "../support/conformance/Expected.ts"
import { assistant, opened, options, sse, user } from "../support/conformance/Expected.ts"
import { ConformanceServer, newClient } from "../support/conformance/ConformanceServer.ts"

const root = (value: string) => ({ type: "Card", children: [{ type: "Text", value }] })
const picked = { type: "pick", payload: { id: 1, none: null } }

/** Somebody who sees the widget `msg_2`. */
const withWidget = Effect.fnUntraced(function* (more: Partial<ResponderShape>) {
  const me = yield* newClient({ respond: (turn) => Answer.widget(turn, card("Choose")), ...more })
  assert.strictEqual(
    yield* me.stream(create("Hi")),
    sse(...opened("Hi"), expected.done(expected.widget("msg_2", root("Choose"))))
  )
  return me
})

type Answers = Readonly<Record<string, StructuredInputAnswer>>

const question = (id: string, answer?: StructuredInputAnswer) => ({
  id,
  question: `${id}?`,
  ...(answer === undefined ? {} : { answer })
})

/** The question `one` has one answer, `many` any number, and `free` any words. */
const questions = (answers: Answers = {}) => [
  {
    ...question("one", answers["one"]),
    type: "multiple_choice" as const,
    options: [{ value: "A" }, { value: "B" }],
    multiple: false
  },
  {
    ...question("many", answers["many"]),
    type: "multiple_choice" as const,
    options: [{ value: "A" }, { value: "B" }],
    multiple: true
  },
  { ...question("free", answers["free"]), type: "freeform" as const }
]

/** Answers questions of a new thread, and says what became of them and is stored. */
const answering = Effect.fnUntraced(function* (input: object, status: string, kept: Answers) {
  const me = yield* newClient({
    respond: (turn) =>
      textOf(turn) === undefined
        ? message(turn, "Thanks")
        : done(turn, { type: "structured_input", inputs: questions() })
  })
  const item = (status: string, answers: Answers = {}) =>
    expected.item("msg_2", "structured_input", { status, inputs: questions(answers) })
  assert.strictEqual(
    yield* me.stream(create("Ask")),
    sse(...opened("Ask"), expected.done(item("pending")))
  )
  const params = { thread_id: "thr_1", item_id: "msg_2", input }
  const after = item(status, kept)
  assert.strictEqual(
    yield* me.stream(operation("threads.add_structured_input", params)),
    sse(options, expected.replaced(after), expected.done(assistant("msg_3", "Thanks")))
  )
  const shown = [user("msg_1", "Ask"), after, assistant("msg_3", "Thanks")]
  assert.deepStrictEqual(yield* me.stored("thr_1"), shown)
  assert.deepStrictEqual(yield* me.reload("thr_1"), expected.page(...shown))
})

const skipped = { values: [], skipped: true }
const given = (...values: ReadonlyArray<string>) => ({ values, skipped: false })

layer(ConformanceServer.scripted, { excludeTestServices: true })(
  "the reference server's actions",
  (it) => {
    it.effect(
      "16. action: handler gets action and the widget item; stream_options + root update (2 events)",
      () =>
        Effect.gen(function* () {
          const seen: Array<unknown> = []
          const update = { type: "widget.root.updated" as const, widget: card("Chosen") }
          const me = yield* withWidget({
            action: ({ action, sender }) => {
              seen.push({ action, sender })
              return sender === undefined
                ? Stream.empty
                : one({ type: "thread.item.updated", item_id: sender.id, update })
            }
          })
          const params = { thread_id: "thr_1", item_id: "msg_2", action: picked }
          assert.strictEqual(
            yield* me.stream(operation("threads.custom_action", params)),
            sse(options, expected.updated("msg_2", update.type, { widget: root("Chosen") }))
          )
          const sender = expected.widget("msg_2", root("Choose"))
          assert.deepStrictEqual(me.named(seen), [{ action: picked, sender }])
          assert.deepStrictEqual(
            yield* me.reload("thr_1"),
            expected.page(user("msg_1", "Hi"), expected.widget("msg_2", root("Chosen")))
          )
        })
    )

    it.effect(
      "17. structured input: custom answer text accepted; `replaced` with status answered, stored; respond resumes",
      () =>
        answering(
          {
            status: "answered",
            answers: {
              one: { values: ["Something else"], skipped: false },
              many: { values: ["B", "And more"] },
              free: { values: ["My own words"] }
            }
          },
          "answered",
          {
            one: given("Something else"),
            many: given("B", "And more"),
            free: given("My own words")
          }
        )
    )

    it.effect("18. structured input: question without answer → skipped", () =>
      Effect.gen(function* () {
        const answers = { one: { values: ["A"] }, many: { values: [] } }
        const kept = { one: given("A"), many: skipped, free: skipped }
        yield* answering({ answers }, "answered", kept)
        const none = { one: skipped, many: skipped, free: skipped }
        yield* answering({ status: "skipped", answers }, "skipped", none)
      })
    )

    it.effect("19. structured input: unknown question id ignored", () =>
      answering(
        { answers: { ghost: { values: ["Boo"] }, free: { values: ["Yes"] } } },
        "answered",
        {
          one: skipped,
          many: skipped,
          free: given("Yes")
        }
      )
    )

    it.effect("20. structured input: single choice keeps first value; stored as sent", () =>
      answering(
        { answers: { one: { values: ["B", "A"] }, many: { values: ["B", "A"] } } },
        "answered",
        { one: given("B"), many: given("B", "A"), free: skipped }
      )
    )

    it.effect(
      "21. sync action: handler gets action and item; response holds the changed item",
      () =>
        Effect.gen(function* () {
          const seen: Array<unknown> = []
          const me = yield* withWidget({
            syncAction: ({ action, sender, thread }) => {
              seen.push({ action, sender, thread: thread.id })
              return Effect.succeed(sender && { ...sender, widget: card("Synced"), copy_text: "c" })
            }
          })
          const params = { thread_id: "thr_1", item_id: "msg_2", action: picked }
          const shown = expected.widget("msg_2", root("Synced"), { copy_text: "c" })
          assert.strictEqual(
            yield* me.document(operation("threads.sync_custom_action", params)),
            JSON.stringify({ updated_item: shown })
          )
          const sender = expected.widget("msg_2", root("Choose"))
          assert.deepStrictEqual(me.named(seen), [{ action: picked, sender, thread: "thr_1" }])
          assert.deepStrictEqual(yield* me.stored("thr_1"), [user("msg_1", "Hi"), sender])
        })
    )

    it.effect(
      "22. feedback: thread, ids and kind arrive, positive and negative, also for a widget",
      () =>
        Effect.gen(function* () {
          const seen: Array<unknown> = []
          const me = yield* withWidget({
            addFeedback: ({ item_ids, kind, thread }) =>
              Effect.sync(() => void seen.push({ thread_id: thread.id, item_ids, kind }))
          })
          const told = [
            { thread_id: "thr_1", item_ids: ["msg_1", "msg_2"], kind: "positive" },
            { thread_id: "thr_1", item_ids: ["msg_2"], kind: "negative" },
            { thread_id: "thr_1", item_ids: [], kind: "positive" }
          ]
          for (const feedback of told) {
            assert.strictEqual(yield* me.document(operation("items.feedback", feedback)), "{}")
          }
          assert.deepStrictEqual(me.named(seen), told)
        })
    )
  }
)
