import { assert, describe, it } from "@effect/vitest"
import { applyUpdate } from "../../../src/protocol/ApplyUpdate.ts"
import type { AssistantMessageItem, ThreadItem } from "../../../src/protocol/Items.ts"
import type { ThreadItemUpdate } from "../../../src/protocol/ItemUpdates.ts"
import type { Annotation } from "../../../src/protocol/Sources.ts"
import type { Task } from "../../../src/protocol/Workflows.ts"

const base = { id: "m", thread_id: "t", created_at: "2026-01-01T00:00:00Z" }
const part = (text: string, ...annotations: ReadonlyArray<Annotation>) => ({
  annotations,
  text,
  type: "output_text" as const
})
const message = (...content: AssistantMessageItem["content"]): ThreadItem => ({
  ...base,
  type: "assistant_message",
  content
})
const source = (title: string): Annotation => ({
  type: "annotation",
  source: { type: "url", title, url: "https://example.test" }
})
const task = (title: string): Task => ({ type: "custom", title, status_indicator: "none" })
const workflow = (...titles: ReadonlyArray<string>): ThreadItem => ({
  ...base,
  type: "workflow",
  workflow: { type: "custom", tasks: titles.map(task), expanded: false }
})
const image: ThreadItem = { ...base, type: "generated_image" }
const widget = (value: string): ThreadItem => ({
  ...base,
  type: "widget",
  widget: { type: "Card", children: [{ type: "Text", id: "t", value }] }
})

const delta = (content_index: number, delta: string): ThreadItemUpdate => ({
  type: "assistant_message.content_part.text_delta",
  content_index,
  delta
})
const whole = (
  type: "assistant_message.content_part.added" | "assistant_message.content_part.done",
  content_index: number,
  text: string
): ThreadItemUpdate => ({ type, content_index, content: part(text) })
const annotated = (annotation_index: number, title: string): ThreadItemUpdate => ({
  type: "assistant_message.content_part.annotation_added",
  content_index: 0,
  annotation_index,
  annotation: source(title)
})
const taskAt = (
  type: "workflow.task.added" | "workflow.task.updated",
  task_index: number
): ThreadItemUpdate => ({ type, task_index, task: task("new") })
const imageUpdated: ThreadItemUpdate = {
  type: "generated_image.updated",
  image: { id: "i", url: "u" },
  progress: 0.5
}
const valueDelta: ThreadItemUpdate = {
  type: "widget.streaming_text.value_delta",
  component_id: "t",
  delta: "lo",
  done: false
}

const cases: Readonly<Record<string, readonly [ThreadItem, ThreadItemUpdate, ThreadItem]>> = {
  "appends a delta to its part": [
    message(part("a"), part("b")),
    delta(1, "c"),
    message(part("a"), part("bc"))
  ],
  "creates the parts before one that is missing": [
    message(part("a")),
    delta(2, "c"),
    message(part("a"), part(""), part("c"))
  ],
  "takes a negative index for the first part": [
    message(part("a")),
    delta(-1, "b"),
    message(part("ab"))
  ],
  "F6: adds a hundred parts at most for an index far beyond the end": [
    message(part("a")),
    delta(Number.MAX_SAFE_INTEGER, "c"),
    message(part("a"), ...Array.from({ length: 100 }, () => part("")), part("c"))
  ],
  "adds a part": [
    message(),
    whole("assistant_message.content_part.added", 0, "a"),
    message(part("a"))
  ],
  "replaces a part that is done": [
    message(part("a")),
    whole("assistant_message.content_part.done", 0, "b"),
    message(part("b"))
  ],
  "keeps the annotations of a part that grows": [
    message(part("a", source("x"))),
    delta(0, "b"),
    message(part("ab", source("x")))
  ],
  "inserts an annotation at its index": [
    message(part("a", source("x"), source("z"))),
    annotated(1, "y"),
    message(part("a", source("x"), source("y"), source("z")))
  ],
  "appends an annotation whose index is beyond the end": [
    message(part("a", source("x"))),
    annotated(9, "y"),
    message(part("a", source("x"), source("y")))
  ],
  "takes a negative index for the first annotation": [
    message(part("a", source("x"), source("z"))),
    annotated(-1, "y"),
    message(part("a", source("y"), source("x"), source("z")))
  ],
  "appends a task, whatever its index": [
    workflow("a"),
    taskAt("workflow.task.added", 0),
    workflow("a", "new")
  ],
  "replaces a task": [workflow("a", "b"), taskAt("workflow.task.updated", 0), workflow("new", "b")],
  "appends an updated task whose index is beyond the end": [
    workflow("a"),
    taskAt("workflow.task.updated", 9),
    workflow("a", "new")
  ],
  "sets the image, and does not keep its progress": [
    image,
    imageUpdated,
    { ...base, type: "generated_image", image: { id: "i", url: "u" } }
  ],
  "appends to a text of a widget": [widget("Hel"), valueDelta, widget("Hello")],
  "replaces a component of a widget": [
    widget("a"),
    {
      type: "widget.component.updated",
      component_id: "t",
      component: { type: "Text", id: "t", value: "b" }
    },
    widget("b")
  ],
  "replaces a widget": [
    widget("a"),
    { type: "widget.root.updated", widget: { type: "Card", children: [] } },
    { ...base, type: "widget", widget: { type: "Card", children: [] } }
  ]
}

describe("applyUpdate", () => {
  it.each(Object.entries(cases))("%s", (_, [item, update, expected]) => {
    const before = structuredClone(item)
    assert.deepStrictEqual(applyUpdate(item, update), expected)
    assert.deepStrictEqual(item, before, "the item itself does not change")
  })

  it("creates at most 100 parts for one update", () => {
    const item = applyUpdate(message(part("a")), delta(1e9, "b"))
    assert(item.type === "assistant_message")
    assert.strictEqual(item.content.length, 102)
    assert.deepStrictEqual(item.content.at(-1), part("b"))
  })

  it("returns the same item for an update of another kind of item", () => {
    const updates = [delta(0, "x"), taskAt("workflow.task.added", 0), imageUpdated, valueDelta]
    const items = [message(), workflow(), image, widget("a")]
    const others: ReadonlyArray<ThreadItem> = [
      { ...base, type: "end_of_turn" },
      { ...base, type: "task", task: task("a") }
    ]
    const changed = [...items, ...others].map(
      (item) => updates.filter((update) => applyUpdate(item, update) !== item).length
    )
    assert.deepStrictEqual(changed, [1, 1, 1, 1, 0, 0])
  })
})
