import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { create, operation } from "../support/ChatKitService.ts"
import * as expected from "../support/conformance/Expected.ts"
import {
  added,
  begun,
  done,
  type Fields,
  item,
  note,
  opened,
  spoken,
  sse,
  updated,
  user,
  widget
} from "../support/conformance/Expected.ts"
import { ConformanceServer, newClient } from "../support/conformance/ConformanceServer.ts"

/** The answer to a new client's first message, and the items stored of it. */
const answers = Effect.fnUntraced(function* (
  text: string,
  events: ReadonlyArray<Fields>,
  ...stored: ReadonlyArray<Fields>
) {
  const me = yield* newClient()
  assert.strictEqual(yield* me.stream(create(text)), sse(...opened(text), ...events))
  assert.deepStrictEqual(yield* me.stored("thr_1"), [user("msg_1", text), ...stored])
})

/** An item that is there at once. */
const shows = (text: string, item: Fields) => answers(text, [done(item)], item)

/** Something that is not kept. */
const tells = (text: string, event: Fields) => answers(text, [event])

const card = (value: string, streaming?: boolean) => ({
  type: "Card",
  children: [{ id: "t", type: "Text", value, ...(streaming === undefined ? {} : { streaming }) }]
})

layer(ConformanceServer.playground, { excludeTestServices: true })(
  "the playground's directives",
  (it) => {
    it.effect("say streams a text word by word", () =>
      answers(
        "/say Hello,  big world ",
        spoken("msg_2", "Hello,", "  big", " world", " "),
        expected.assistant("msg_2", "Hello,  big world ")
      )
    )

    it.effect("say of nothing is a message without words", () =>
      answers("/say", spoken("msg_2"), expected.assistant("msg_2", ""))
    )

    it.effect("E2: partial leaves a message without its end, and what was read is stored", () =>
      Effect.gen(function* () {
        const me = yield* newClient()
        const text = "/partial Hello there"
        assert.strictEqual(
          yield* me.stream(create(text)),
          sse(...opened(text), ...begun("msg_2", "Hello", " there"))
        )
        assert.deepStrictEqual(yield* me.stored("thr_1"), [
          user("msg_1", text),
          expected.assistant("msg_2", "Hello there")
        ])
      })
    )

    it.effect("pause waits until the client hangs up", () =>
      Effect.gen(function* () {
        const me = yield* newClient()
        const text = "/partial Hello there\n/pause\n/say never"
        assert.strictEqual(
          yield* me.leave(create(text), `"delta":" there"`),
          sse(...opened(text), ...begun("msg_2", "Hello", " there"))
        )
        const wait = { thread_id: "thr_1", action: { type: "wait" } }
        yield* me.stream(operation("threads.custom_action", wait))
        assert.deepStrictEqual((yield* me.stored("thr_1")).slice(0, 3), [
          user("msg_1", text),
          expected.assistant("msg_2", "Hello there"),
          note()
        ])
      })
    )

    it.effect("progress shows an icon and a text", () =>
      tells("/progress search|Looking", {
        type: "progress_update",
        icon: "search",
        text: "Looking"
      })
    )

    it.effect("progress does without an icon", () =>
      tells("/progress |Looking", { type: "progress_update", text: "Looking" })
    )

    it.effect("notice has a level, a message, and a title perhaps", () =>
      Effect.gen(function* () {
        const notice = { type: "notice", message: "Careful" }
        yield* tells("/notice info|Careful", { type: "notice", level: "info", message: "Careful" })
        for (const level of ["info", "warning", "danger"]) {
          yield* tells(`/notice ${level}|Careful|Now`, {
            type: notice.type,
            level,
            message: notice.message,
            title: "Now"
          })
        }
      })
    )

    it.effect("effect sends its data as they are", () =>
      Effect.gen(function* () {
        const data = { b: null, a: [1, 2.5, "x|y"] }
        yield* tells(`/effect profile/update|${JSON.stringify(data)}`, {
          type: "client_effect",
          name: "profile/update",
          data
        })
        yield* tells("/effect ping", { type: "client_effect", name: "ping", data: {} })
      })
    )

    it.effect("tool calls a tool of the page", () =>
      Effect.gen(function* () {
        const given = { a: null, b: "x|y" }
        const call = (args: Fields) => ({
          status: "pending",
          call_id: "call_1",
          name: "pick",
          arguments: args
        })
        yield* shows(
          `/tool pick|${JSON.stringify(given)}`,
          item("tc_1", "client_tool_call", call(given))
        )
        yield* shows("/tool pick", item("tc_1", "client_tool_call", call({})))
      })
    )

    it.effect("hidden is stored and not sent", () =>
      answers("/hidden A note", [], item("msg_2", "hidden_context_item", { content: "A note" }))
    )

    it.effect("widget shows a text to copy", () =>
      shows("/widget Hello", widget("msg_2", card("Hello"), { copy_text: "Hello" }))
    )

    it.effect("widget_stream grows a text, then changes it", () => {
      const delta = (delta: string) =>
        updated("msg_2", "widget.streaming_text.value_delta", {
          component_id: "t",
          delta,
          done: false
        })
      const last = card("Bye", false)
      return answers(
        "/widget_stream",
        [
          added(widget("msg_2", card("", true))),
          delta("Hel"),
          delta("lo"),
          updated("msg_2", "widget.root.updated", { widget: last }),
          done(widget("msg_2", last))
        ],
        widget("msg_2", last)
      )
    })

    it.effect("workflow shows tasks that are done one by one", () => {
      const one = (status_indicator: string) => ({ status_indicator, type: "custom", title: "one" })
      const search = { type: "web_search", title: "two", queries: ["q"], sources: [] }
      const two = { status_indicator: "none", ...search }
      const workflow = (...tasks: ReadonlyArray<Fields>) => ({ type: "custom", tasks })
      const end = { ...workflow(one("complete"), two), summary: { duration: 1 }, expanded: false }
      const begin = { ...workflow(one("loading")), expanded: false }
      const last = item("wf_1", "workflow", { workflow: end })
      return answers(
        "/workflow",
        [
          added(item("wf_1", "workflow", { workflow: begin })),
          updated("wf_1", "workflow.task.updated", { task_index: 0, task: one("complete") }),
          updated("wf_1", "workflow.task.added", { task_index: 1, task: two }),
          done(last)
        ],
        last
      )
    })

    it.effect("task shows one piece of work", () => {
      const task = { status_indicator: "none", type: "custom", title: "Looked it up" }
      return shows("/task Looked it up", item("tsk_1", "task", { task }))
    })

    it.effect("structured asks a choice and a free question", () => {
      const options = [{ value: "A" }, { value: "B" }]
      const inputs = [
        { id: "pick", question: "Which?", type: "multiple_choice", options, multiple: false },
        { id: "notes", question: "Notes?", type: "freeform" }
      ]
      return shows("/structured", item("msg_2", "structured_input", { status: "pending", inputs }))
    })

    it.effect("image shows a picture that is half done first", () => {
      const image = { id: "img_1", url: "https://img.example.test/1" }
      const last = item("msg_2", "generated_image", { image })
      return answers(
        "/image",
        [
          added(item("msg_2", "generated_image")),
          updated("msg_2", "generated_image.updated", { image, progress: 0.5 }),
          done(last)
        ],
        last
      )
    })

    it.effect("annotate says a text with a source", () => {
      const source = { title: "A", type: "url", url: "https://example.test/a" }
      const annotations = [{ type: "annotation", source, index: 3 }]
      const content = [{ annotations, text: "Cited text", type: "output_text" }]
      return shows("/annotate Cited text", item("msg_2", "assistant_message", { content }))
    })

    it.effect("end_of_turn begins a new block", () =>
      shows("/end_of_turn", item("msg_2", "end_of_turn"))
    )
  }
)
