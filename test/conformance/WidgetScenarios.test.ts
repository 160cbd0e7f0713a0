import { assert, layer } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as Answer from "../../src/responder/Answer.ts"
import type { IconName } from "../../src/protocol/Icons.ts"
import { dynamicWidget, type WidgetRoot } from "../../src/protocol/widgets/AnyWidget.ts"
import { create } from "../support/ChatKitService.ts"
import { inOrder, message, one } from "../support/conformance/Responders.ts"
import * as expected from "../support/conformance/Expected.ts"
import {
  assistant,
  broken,
  done,
  type Fields,
  opened,
  sse,
  user
} from "../support/conformance/Expected.ts"
import { ConformanceServer, newClient } from "../support/conformance/ConformanceServer.ts"

// Rendering template files and warning of the old helper are the Python library's own: a template
// comes to the wire as `dynamicWidget`.

const textIn = (value: string, streaming: boolean) => ({ id: "t", type: "Text", value, streaming })

const roots: ReadonlyArray<readonly [string, (value: string, streaming?: boolean) => WidgetRoot]> =
  [
    [
      "a typed widget",
      (value, streaming = true) => ({
        type: "Card",
        children: [{ id: "t", type: "Text", value, streaming }]
      })
    ],
    [
      "a template's widget",
      (value, streaming = true) =>
        dynamicWidget({ type: "Panel", theme: "mine", children: textIn(value, streaming) })
    ]
  ]

/** The events between the first state of a widget and its end. */
const between = Effect.fnUntraced(function* (...states: ReadonlyArray<WidgetRoot>) {
  const me = yield* newClient({
    respond: (turn) => Answer.streamWidget(turn, Stream.fromIterable(states))
  })
  const body = yield* me.stream(create("Hi"))
  const shown = (state: WidgetRoot | undefined) =>
    expected.widget("msg_2", state as unknown as Fields)
  const before = sse(...opened("Hi"), expected.added(shown(states[0])))
  const after = sse(done(shown(states.at(-1))))
  assert.isTrue(body.startsWith(before) && body.endsWith(after), body)
  assert.deepStrictEqual(
    yield* me.reload("thr_1"),
    expected.page(user("msg_1", "Hi"), shown(states.at(-1)))
  )
  return body.slice(before.length, body.length - after.length)
})

const rootUpdate = (widget: WidgetRoot) =>
  sse(expected.updated("msg_2", "widget.root.updated", { widget: widget as unknown as Fields }))

const looking = (icon: string) => ({ type: "progress_update" as const, icon, text: "Looking" })

const withIcon = Effect.fnUntraced(function* (icon: string) {
  const me = yield* newClient({
    respond: (turn) =>
      inOrder(one({ ...looking(icon), icon: icon as IconName }), message(turn, "Found"))
  })
  return yield* me.stream(create("Hi"))
})

layer(ConformanceServer.scripted, { excludeTestServices: true })(
  "the reference's widgets and icons",
  (it) => {
    for (const [kind, root] of roots) {
      it.effect(`diff of equal roots → nothing, for ${kind}`, () =>
        Effect.gen(function* () {
          assert.strictEqual(yield* between(root("Hello"), root("Hello")), "")
        })
      )

      it.effect(`text growth with id → one delta, for ${kind}`, () =>
        Effect.gen(function* () {
          const grown = { component_id: "t", delta: ", world", done: false }
          assert.strictEqual(
            yield* between(root("Hello"), root("Hello, world")),
            sse(expected.updated("msg_2", "widget.streaming_text.value_delta", grown))
          )
        })
      )

      it.effect(`growth plus streaming change → root update, for ${kind}`, () =>
        Effect.gen(function* () {
          assert.strictEqual(
            yield* between(root("Hello"), root("Hello, world", false)),
            rootUpdate(root("Hello, world", false))
          )
        })
      )

      it.effect(`other text → root update, for ${kind}`, () =>
        Effect.gen(function* () {
          assert.strictEqual(
            yield* between(root("Hello"), root("Goodbye")),
            rootUpdate(root("Goodbye"))
          )
        })
      )
    }

    it.effect("nulls left out at root and nested", () =>
      Effect.gen(function* () {
        const me = yield* newClient({
          respond: (turn) =>
            Answer.widget(
              turn,
              dynamicWidget({
                type: "Card",
                size: null,
                children: [null, { type: "Text", value: "Hello", color: null }],
                confirm: { label: "Go", action: { type: "go", payload: { none: null, some: 1 } } }
              })
            )
        })
        const shown = expected.widget("msg_2", {
          type: "Card",
          children: [{ type: "Text", value: "Hello" }],
          confirm: { label: "Go", action: { type: "go", payload: { some: 1 } } }
        })
        assert.strictEqual(yield* me.stream(create("Hi")), sse(...opened("Hi"), done(shown)))
        assert.deepStrictEqual(yield* me.reload("thr_1"), expected.page(user("msg_1", "Hi"), shown))
      })
    )

    it.effect("`Basic` root allowed in a thread item", () =>
      Effect.gen(function* () {
        const basic = {
          type: "Basic" as const,
          children: [{ type: "Title" as const, value: "Hi" }]
        }
        const me = yield* newClient({ respond: (turn) => Answer.widget(turn, basic) })
        const shown = expected.widget("msg_2", basic)
        assert.strictEqual(yield* me.stream(create("Hi")), sse(...opened("Hi"), done(shown)))
        assert.deepStrictEqual(yield* me.reload("thr_1"), expected.page(user("msg_1", "Hi"), shown))
      })
    )

    it.effect("icons: vendor and listed names pass", () =>
      Effect.gen(function* () {
        for (const icon of ["agent", "write-alt2", "vendor:acme-logo", "lucide:house"]) {
          const found = done(assistant("msg_2", "Found"))
          assert.strictEqual(yield* withIcon(icon), sse(...opened("Hi"), looking(icon), found))
        }
      })
    )

    it.effect("icons: others not", () =>
      Effect.gen(function* () {
        for (const icon of ["", "house", "Agent", "acme:logo"]) {
          assert.strictEqual(yield* withIcon(icon), sse(...opened("Hi"), broken))
        }
      })
    )
  }
)
