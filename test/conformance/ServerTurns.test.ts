import { assert, layer } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as Answer from "../../src/responder/Answer.ts"
import { add, create, operation } from "../support/ChatKitService.ts"
import { inOrder, message, newItem, one, textOf } from "../support/conformance/Responders.ts"
import * as expected from "../support/conformance/Expected.ts"
import { assistant, note, opened, options, sse, user } from "../support/conformance/Expected.ts"
import {
  ConformanceServer,
  currentUserId,
  newClient
} from "../support/conformance/ConformanceServer.ts"

layer(ConformanceServer.scripted, { excludeTestServices: true })(
  "the reference server's turns",
  (it) => {
    it.effect(
      "1. cancelled mid-message → `Hello, World!` stored under its id, hidden cancel item newest",
      () =>
        Effect.gen(function* () {
          const me = yield* newClient({
            respond: (turn) => Stream.concat(Answer.sayPartly(turn, "Hello, World!"), Stream.never)
          })
          assert.strictEqual(
            yield* me.leave(create("Hi"), `"delta":" World!"`),
            sse(...opened("Hi"), ...expected.begun("msg_2", "Hello,", " World!"))
          )
          yield* me.settled("thr_1")
          const shown = [user("msg_1", "Hi"), assistant("msg_2", "Hello, World!")]
          assert.deepStrictEqual(yield* me.stored("thr_1"), [...shown, note()])
          assert.deepStrictEqual(yield* me.reload("thr_1"), expected.page(...shown))
        })
    )

    it.effect(
      "2. cancelled with an empty pending message → not stored, hidden cancel item stored",
      () =>
        Effect.gen(function* () {
          const me = yield* newClient({
            respond: (turn) =>
              Stream.concat(
                Stream.fromEffect(
                  Effect.map(newItem(turn, { type: "assistant_message", content: [] }), (item) => ({
                    type: "thread.item.added" as const,
                    item
                  }))
                ),
                Stream.never
              )
          })
          yield* me.leave(create("Hi"), "thread.item.added")
          yield* me.settled("thr_1")
          assert.deepStrictEqual(yield* me.stored("thr_1"), [user("msg_1", "Hi"), note()])
          assert.deepStrictEqual(yield* me.reload("thr_1"), expected.page(user("msg_1", "Hi")))
        })
    )

    it.effect(
      "3. workflow task added live and in the final item → stored and sent once, not twice",
      () =>
        Effect.gen(function* () {
          const task = {
            status_indicator: "complete" as const,
            type: "custom" as const,
            title: "t"
          }
          const workflow = { type: "custom" as const, expanded: false }
          const me = yield* newClient({
            respond: (turn) =>
              Stream.unwrap(
                Effect.map(turn.newItem("workflow"), (base) => {
                  const item = { ...base, type: "workflow" as const }
                  return inOrder(
                    one({
                      type: "thread.item.added",
                      item: { ...item, workflow: { ...workflow, tasks: [] } }
                    }),
                    one({
                      type: "thread.item.updated",
                      item_id: base.id,
                      update: { type: "workflow.task.added", task_index: 0, task }
                    }),
                    one({
                      type: "thread.item.done",
                      item: { ...item, workflow: { ...workflow, tasks: [task] } }
                    })
                  )
                })
              )
          })
          const item = (...tasks: ReadonlyArray<typeof task>) =>
            expected.item("wf_1", "workflow", {
              workflow: { type: "custom", tasks, expanded: false }
            })
          assert.strictEqual(
            yield* me.stream(create("Go")),
            sse(
              ...opened("Go"),
              expected.added(item()),
              expected.updated("wf_1", "workflow.task.added", { task_index: 0, task }),
              expected.done(item(task))
            )
          )
          const shown = [user("msg_1", "Go"), item(task)]
          assert.deepStrictEqual(yield* me.stored("thr_1"), shown)
          assert.deepStrictEqual(yield* me.reload("thr_1"), expected.page(...shown))
        })
    )

    it.effect("4. request context reaches respond and add_feedback", () =>
      Effect.gen(function* () {
        const seen: Array<unknown> = []
        const see = Effect.map(currentUserId, (userId) => void seen.push(userId))
        const me = yield* newClient({
          respond: () => Stream.fromEffectDrain(see),
          addFeedback: () => see
        })
        yield* me.stream(create("Hi"))
        const feedback = { thread_id: "thr_1", item_ids: ["msg_1"], kind: "positive" }
        yield* me.document(operation("items.feedback", feedback))
        assert.deepStrictEqual(seen, [me.userId, me.userId])
      })
    )

    it.effect(
      "5. create → `thread.created` without title, user message with text and quoted text",
      () =>
        Effect.gen(function* () {
          const me = yield* newClient()
          const quoted = { quoted_text: "You said so" }
          const body = yield* me.stream(create("Hello", quoted))
          assert.strictEqual(body, sse(...opened("Hello", quoted)))
          assert.notInclude(body, "title")
          assert.deepStrictEqual(
            yield* me.reload("thr_1"),
            expected.page(user("msg_1", "Hello", quoted))
          )
        })
    )

    it.effect(
      "12. client tool: create = created, user done, stream_options, tool done (4 events); output = stream_options + answer (2 events)",
      () =>
        Effect.gen(function* () {
          const call = { name: "pick", arguments: { from: [1, null] }, call_id: "call_1" }
          const me = yield* newClient({
            respond: (turn) =>
              textOf(turn) === undefined
                ? message(turn, "Picked")
                : Answer.clientToolCall(turn, call)
          })
          const shown = (status: string, output = {}) => {
            const { arguments: given, call_id, name } = call
            const fields = { status, call_id, name, arguments: given, ...output }
            return expected.item("tc_1", "client_tool_call", fields)
          }
          assert.strictEqual(
            yield* me.stream(create("Pick")),
            sse(...opened("Pick"), expected.done(shown("pending")))
          )
          const result = { picked: 1, nothing: null }
          const output = operation("threads.add_client_tool_output", { thread_id: "thr_1", result })
          assert.strictEqual(
            yield* me.stream(output),
            sse(options, expected.done(assistant("msg_2", "Picked")))
          )
          assert.deepStrictEqual(
            yield* me.reload("thr_1"),
            expected.page(
              user("msg_1", "Pick"),
              shown("completed", { output: result }),
              assistant("msg_2", "Picked")
            )
          )
        })
    )

    it.effect("13. progress: created, done, stream_options, progress_update, done (5 events)", () =>
      Effect.gen(function* () {
        const progress = { type: "progress_update", icon: "search", text: "Looking" } as const
        const me = yield* newClient({
          respond: (turn) => inOrder(one(progress), message(turn, "Found"))
        })
        assert.strictEqual(
          yield* me.stream(create("Look")),
          sse(...opened("Look"), progress, expected.done(assistant("msg_2", "Found")))
        )
        assert.lengthOf(yield* me.stored("thr_1"), 2)
      })
    )

    it.effect("38. respond throws → `error` `stream.error`, then the stream ends normally", () =>
      Effect.gen(function* () {
        const me = yield* newClient({
          respond: (turn) =>
            textOf(turn) === "Again"
              ? message(turn, "Second")
              : inOrder(
                  message(turn, "First"),
                  Stream.suspend(() => {
                    throw new Error("a secret of the model")
                  })
                )
        })
        assert.strictEqual(
          yield* me.stream(create("Hi")),
          sse(...opened("Hi"), expected.done(assistant("msg_2", "First")), expected.broken)
        )
        assert.strictEqual(
          yield* me.stream(add("thr_1", "Again")),
          sse(
            expected.done(user("msg_3", "Again")),
            options,
            expected.done(assistant("msg_4", "Second"))
          )
        )
        assert.lengthOf(yield* me.stored("thr_1"), 4)
      })
    )
  }
)
