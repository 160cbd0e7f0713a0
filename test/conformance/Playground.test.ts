import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { create, operation } from "../support/ChatKitService.ts"
import * as expected from "../support/conformance/Expected.ts"
import {
  assistant,
  broken,
  done,
  opened,
  options,
  refused,
  spoken,
  sse,
  updated,
  user,
  widget
} from "../support/conformance/Expected.ts"
import { ConformanceServer, newClient } from "../support/conformance/ConformanceServer.ts"

const card = (value: string, id?: string) => ({
  type: "Card",
  children: [{ ...(id === undefined ? {} : { id }), type: "Text", value }]
})

const shown = widget("msg_2", card("Hello", "t"), { copy_text: "Hello" })

/** Somebody who sees the widget `msg_2`. */
const withWidget = Effect.gen(function* () {
  const me = yield* newClient()
  assert.strictEqual(
    yield* me.stream(create("/widget Hello")),
    sse(...opened("/widget Hello"), done(shown))
  )
  const touch = (kind: "custom_action" | "sync_custom_action", action: object, from = "msg_2") =>
    operation(`threads.${kind}`, { thread_id: "thr_1", item_id: from, action })
  return { me, touch }
})

const help = `Each line that begins with a slash is a directive:

- \`/say TEXT\`
- \`/partial TEXT\`
- \`/pause\`
- \`/progress ICON|TEXT\`
- \`/notice LEVEL|MESSAGE|TITLE\`
- \`/effect NAME|JSON\`
- \`/tool NAME|JSON\`
- \`/hidden TEXT\`
- \`/widget TEXT\`
- \`/widget_stream\`
- \`/workflow\`
- \`/task TITLE\`
- \`/structured\`
- \`/image\`
- \`/annotate TEXT\`
- \`/end_of_turn\`
- \`/remove\`
- \`/replace TEXT\`
- \`/title TITLE\`
- \`/status KIND|REASON\`
- \`/domains A,B\`
- \`/meta KEY|VALUE\`
- \`/error_event MESSAGE\`
- \`/raise MESSAGE\`
- \`/raise_stream_error\`
- \`/raise_custom_error MESSAGE|retry\``

layer(ConformanceServer.playground, { excludeTestServices: true })("the playground", (it) => {
  const answers = Effect.fnUntraced(function* (
    text: string,
    ...events: ReadonlyArray<expected.Fields>
  ) {
    const me = yield* newClient()
    assert.strictEqual(yield* me.stream(create(text)), sse(...opened(text), ...events))
    return me
  })

  it.effect("echoes what it is told", () =>
    Effect.gen(function* () {
      yield* answers("Hello wörld", ...spoken("msg_2", "Echo:", " Hello", " wörld"))
      yield* answers("", ...spoken("msg_2", "Echo:", " "))
      yield* answers(
        "Hi\n/say not a directive",
        ...spoken("msg_2", "Echo:", " Hi", "\n/say", " not", " a", " directive")
      )
    })
  )

  it.effect("echoes tags by their text", () =>
    Effect.gen(function* () {
      const me = yield* newClient()
      const content = [
        { type: "input_text", text: "To" },
        { type: "input_tag", id: "c1", text: "Paris", data: { none: null }, interactive: false }
      ]
      assert.strictEqual(
        yield* me.stream(create("", { content })),
        sse(...opened("", { content }), ...spoken("msg_2", "Echo:", " To", " @Paris"))
      )
    })
  )

  it.effect("echoes lines without a slash among directives, and skips empty ones", () =>
    answers(
      "/say one\r\n\n  \nplain words\n /say two",
      ...spoken("msg_2", "one"),
      ...spoken("msg_3", "Echo:", " plain", " words"),
      ...spoken("msg_4", "Echo:", "  /say", " two")
    )
  )

  it.effect("says so when there is no such directive, whatever its name", () =>
    Effect.gen(function* () {
      const words = ["There", " is", " no", " such", " directive;", " /help", " lists", " them."]
      for (const line of ["/nothing", "/", "/constructor", "/__proto__ x", "/SAY x"]) {
        yield* answers(line, ...spoken("msg_2", ...words))
      }
    })
  )

  it.effect("lists its directives on /help", () =>
    Effect.gen(function* () {
      const me = yield* newClient()
      yield* me.stream(create("/help"))
      assert.deepStrictEqual(
        yield* me.reload("thr_1"),
        expected.page(user("msg_1", "/help"), assistant("msg_2", help))
      )
    })
  )

  it.effect("goes on after a tool's output", () =>
    Effect.gen(function* () {
      const me = yield* newClient()
      yield* me.stream(create("/tool pick"))
      const output = { thread_id: "thr_1", result: null }
      assert.strictEqual(
        yield* me.stream(operation("threads.add_client_tool_output", output)),
        sse(options, ...spoken("msg_2", "resumed"))
      )
    })
  )

  it.effect("changes the widget that is touched with `update`, and it stays changed", () =>
    Effect.gen(function* () {
      const { me, touch } = yield* withWidget
      assert.strictEqual(
        yield* me.stream(touch("custom_action", { type: "update" })),
        sse(options, updated("msg_2", "widget.root.updated", { widget: card("updated") }))
      )
      const after = widget("msg_2", card("updated"), { copy_text: "Hello" })
      assert.deepStrictEqual(
        yield* me.reload("thr_1"),
        expected.page(user("msg_1", "/widget Hello"), after)
      )
    })
  )

  it.effect("says what action came, its payload in order", () =>
    Effect.gen(function* () {
      const { me, touch } = yield* withWidget
      const payload = { b: [{ d: null, c: 1 }], a: "x" }
      const said = `{"a":"x","b":[{"c":1,"d":null}]}`
      assert.strictEqual(
        yield* me.stream(touch("custom_action", { type: "go", payload, handler: "server" })),
        sse(options, ...spoken("msg_3", "action", " go", ` ${said}`))
      )
      assert.strictEqual(
        yield* me.stream(touch("custom_action", { type: "update" }, "")),
        sse(options, ...spoken("msg_4", "action", " update", " null"))
      )
    })
  )

  it.effect("breaks off at the action `boom`", () =>
    Effect.gen(function* () {
      const { me, touch } = yield* withWidget
      assert.strictEqual(
        yield* me.stream(touch("custom_action", { type: "boom" })),
        sse(options, broken)
      )
    })
  )

  it.effect("answers a sync action with the widget, which is not stored, or with nothing", () =>
    Effect.gen(function* () {
      const { me, touch } = yield* withWidget
      const synced = widget("msg_2", card("synced"), { copy_text: "Hello" })
      assert.strictEqual(
        yield* me.document(touch("sync_custom_action", { type: "go", payload: { a: null } })),
        JSON.stringify({ updated_item: synced })
      )
      const none = touch("sync_custom_action", { type: "none" })
      assert.strictEqual(yield* me.document(none), "{}")
      const nowhere = touch("sync_custom_action", { type: "go" }, "")
      assert.strictEqual(yield* me.document(nowhere), "{}")
      assert.deepStrictEqual(yield* me.stored("thr_1"), [user("msg_1", "/widget Hello"), shown])
    })
  )

  it.effect("takes actions from widgets of the thread only", () =>
    Effect.gen(function* () {
      const { me, touch } = yield* withWidget
      for (const kind of ["custom_action", "sync_custom_action"] as const) {
        assert.deepStrictEqual(
          yield* me.refusal(touch(kind, { type: "go" }, "msg_1")),
          refused(409, "An action can only come from a widget")
        )
        assert.deepStrictEqual(
          yield* me.refusal(touch(kind, { type: "go" }, "msg_99")),
          expected.notFound("Item")
        )
      }
    })
  )

  it.effect("transcribes nothing but how much it was, and of what", () =>
    Effect.gen(function* () {
      const me = yield* newClient()
      const dictation = { audio_base64: "AAEC", mime_type: "audio/webm;codecs=opus" }
      assert.strictEqual(
        yield* me.document(operation("input.transcribe", dictation)),
        `{"text":"3 bytes of audio/webm"}`
      )
    })
  )

  it.effect("takes feedback", () =>
    Effect.gen(function* () {
      const { me } = yield* withWidget
      const feedback = { thread_id: "thr_1", item_ids: ["msg_2"], kind: "negative" }
      assert.strictEqual(yield* me.document(operation("items.feedback", feedback)), "{}")
    })
  )
})
