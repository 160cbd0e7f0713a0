import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { apply, difference } from "../../../../src/protocol/widgets/Diff.ts"
import { withoutNulls } from "../../../../src/protocol/Json.ts"
import type { WidgetRoot } from "../../../../src/protocol/widgets/AnyWidget.ts"

type Json = Schema.JsonObject

const root = (json: Json) => json as unknown as WidgetRoot
const card = (...children: ReadonlyArray<Schema.Json>) => root({ type: "Card", children })
const text = (value: string, more: Json = {}): Json => ({ type: "Text", id: "t", value, ...more })

const delta = (delta: string, done = true, component_id = "t") => ({
  type: "widget.streaming_text.value_delta" as const,
  component_id,
  delta,
  done
})
const whole = (widget: WidgetRoot) => [{ type: "widget.root.updated" as const, widget }]

const becomesWhole = (before: WidgetRoot, after: WidgetRoot) =>
  assert.deepStrictEqual(difference(before, after), whole(after))

describe("the difference of two states of a widget", () => {
  it("is nothing when they are equal", () => {
    assert.deepStrictEqual(difference(card(), card()), [])
    assert.deepStrictEqual(difference(card(text("Hello")), card(text("Hello"))), [])
  })

  it("does not depend on the order of fields, and counts null as absent", () => {
    const before = root({ type: "Card", key: null, children: [text("a"), null], x: { a: 1, b: 2 } })
    const after = root({ x: { b: 2, a: 1, c: null }, children: [text("a")], type: "Card" })
    assert.deepStrictEqual(difference(before, after), [])
  })

  it("is what was added to a text with an id", () => {
    const streaming = { streaming: true }
    assert.strictEqual(
      JSON.stringify(
        difference(card(text("Hello", streaming)), card(text("Hello, world!", streaming)))
      ),
      '[{"type":"widget.streaming_text.value_delta","component_id":"t","delta":", world!","done":false}]'
    )
    assert.deepStrictEqual(difference(card(text("")), card(text("Hello"))), [delta("Hello")])
    assert.deepStrictEqual(
      difference(
        card(text("a", { type: "Markdown", streaming: false })),
        card(text("ab", { type: "Markdown", streaming: false }))
      ),
      [delta("b")]
    )
  })

  it("is one addition for each text that grew, in the order they are read", () => {
    const state = (a: string, b: string, c: string) =>
      card(
        { type: "Row", children: [text(a, { id: "a" }), text("still", { id: "d" })] },
        { type: "Transition", children: text(b, { id: "b" }) },
        text(c, { id: "c" })
      )
    assert.deepStrictEqual(difference(state("1", "2", "3"), state("1x", "2y", "3z")), [
      delta("x", true, "a"),
      delta("y", true, "b"),
      delta("z", true, "c")
    ])
  })

  it("is found in a child that stands alone, at the root too", () => {
    const state = (value: string) => root({ type: "Basic", children: text(value) })
    assert.deepStrictEqual(difference(state("a"), state("ab")), [delta("b")])
    assert.deepStrictEqual(difference(root(text("a")), root(text("ab"))), [delta("b")])
  })

  it("is the whole widget when a text grows and something else changes", () => {
    becomesWhole(
      card(text("Hello", { streaming: true })),
      card(text("Hello, world!", { streaming: false }))
    )
    becomesWhole(card(text("a"), text("b", { id: "u" })), card(text("ab"), text("c", { id: "u" })))
  })

  it("is the whole widget when a text says something else", () => {
    becomesWhole(card({ type: "Text", value: "Hello" }), card({ type: "Text", value: "world!" }))
    becomesWhole(card(text("Hello")), card(text("Bye")))
    becomesWhole(card(text("Hello")), card(text("Hell")))
  })

  it("is the whole widget when what grows has no id of its own", () => {
    becomesWhole(card({ type: "Text", value: "a" }), card({ type: "Text", value: "ab" }))
    becomesWhole(card(text("a", { id: "" })), card(text("ab", { id: "" })))
    becomesWhole(card(text("a", { id: 1 })), card(text("ab", { id: 1 })))
    becomesWhole(card(text("a"), text("a")), card(text("a"), text("ab")))
    becomesWhole(
      card(text("a"), { type: "Row", id: "t" }),
      card(text("ab"), { type: "Row", id: "t" })
    )
  })

  it("is the whole widget when what grows is no text", () => {
    becomesWhole(card(text("a", { type: "Title" })), card(text("ab", { type: "Title" })))
    becomesWhole(
      card({ type: "Panel", header: text("a") }),
      card({ type: "Panel", header: text("ab") })
    )
    becomesWhole(card(text("a")), card(text("a", { value: ["a"] })))
  })

  it("is the whole widget when a component comes, goes or becomes another", () => {
    becomesWhole(card(), card(text("a")))
    becomesWhole(card(text("a"), text("b", { id: "u" })), card(text("a")))
    becomesWhole(card(text("a")), card(text("a", { id: "u" })))
    becomesWhole(card(text("a", { key: "1" })), card(text("a", { key: "2" })))
    becomesWhole(card(text("a")), card(text("ab", { type: "Markdown" })))
    becomesWhole(card(text("a")), root({ type: "Card", children: text("a") }))
    becomesWhole(card(), root({ type: "ListView", children: [] }))
  })

  it("is the whole widget when a field comes, goes or changes", () => {
    const panel = (more: Json) => card({ type: "Panel", ...more })
    becomesWhole(panel({ a: 1 }), panel({}))
    becomesWhole(panel({}), panel({ a: 1 }))
    becomesWhole(panel({ a: 1 }), panel({ b: 1 }))
    becomesWhole(panel({ a: { b: [1, 2] } }), panel({ a: { b: [1, 3] } }))
    becomesWhole(panel({ a: [] }), panel({ a: {} }))
    becomesWhole(panel({ a: 1 }), panel(JSON.parse('{"__proto__":{}}')))
  })

  it("has no nulls", () => {
    assert.deepStrictEqual(
      difference(card(), card({ type: "Text", value: "a", id: null }, null)),
      whole(card({ type: "Text", value: "a" }))
    )
  })

  it("is found in a widget as deep as it may be", () => {
    const nested = (value: string) => {
      let widget = text(value)
      for (let i = 0; i < 1_000; i++) widget = { type: "Box", children: [widget] }
      return card(widget)
    }
    const updates = difference(nested("a"), nested("ab"))
    assert.deepStrictEqual(updates, [delta("b")])
    assert.strictEqual(
      JSON.stringify(updates.reduce(apply, nested("a"))),
      JSON.stringify(nested("ab"))
    )
  })
})

describe("a widget after an update", () => {
  const before = card(
    { type: "Row", id: "r", children: { type: "Col", children: [text("a", { size: "sm" })] } },
    text("b", { id: "u", streaming: true })
  )

  it("has the text that was added, wherever it is", () => {
    assert.deepStrictEqual(
      apply(before, delta("!", true)),
      card(
        { type: "Row", id: "r", children: { type: "Col", children: [text("a!", { size: "sm" })] } },
        text("b", { id: "u", streaming: true })
      )
    )
  })

  it("has it in the first of several that share the id", () => {
    assert.deepStrictEqual(
      apply(card(text("a"), text("b")), delta("!")),
      card(text("a!"), text("b"))
    )
  })

  it("streams no longer once the text is done", () => {
    const after = (value: string, streaming: boolean) =>
      card(text("a"), text(value, { id: "u", streaming }))
    const state = after("b", true)
    assert.deepStrictEqual(apply(state, delta("c", false, "u")), after("bc", true))
    assert.deepStrictEqual(apply(state, delta("c", true, "u")), after("bc", false))
    assert.deepStrictEqual(
      apply(state, delta("c")),
      card(text("ac"), text("b", { id: "u", streaming: true }))
    )
  })

  it("has the component that took the place of another", () => {
    const component = { type: "Badge", label: "x" } as const
    const update = (component_id: string) =>
      ({ type: "widget.component.updated", component_id, component }) as const
    assert.deepStrictEqual(
      apply(before, update("t")),
      card(
        { type: "Row", id: "r", children: { type: "Col", children: [component] } },
        text("b", { id: "u", streaming: true })
      )
    )
    assert.deepStrictEqual(
      apply(before, update("r")),
      card(component, text("b", { id: "u", streaming: true }))
    )
    assert.deepStrictEqual<unknown>(apply(root({ type: "Card", id: "c" }), update("c")), component)
  })

  it("is the new one", () => {
    assert.deepStrictEqual(apply(before, { type: "widget.root.updated", widget: card() }), card())
  })

  it("is as it was when nothing has the id, or no text", () => {
    assert.strictEqual(apply(before, delta("!", true, "nobody")), before)
    assert.strictEqual(apply(before, delta("!", true, "r")), before)
    const component = { type: "Badge", label: "x" } as const
    assert.strictEqual(
      apply(before, { type: "widget.component.updated", component_id: "nobody", component }),
      before
    )
  })

  it("leaves the one before alone", () => {
    const copy = structuredClone(before)
    apply(before, delta("!"))
    assert.deepStrictEqual(before, copy)
  })
})

const Text = Schema.Struct({
  type: Schema.Literals(["Text", "Markdown"]),
  id: Schema.optionalKey(Schema.Literals(["t", "u", "v"])),
  value: Schema.Literals(["", "H", "Hello", "Hello, world!"]),
  streaming: Schema.optionalKey(Schema.NullOr(Schema.Boolean))
})
const tree = (children: Schema.Codec<Json>) =>
  Schema.Struct({
    type: Schema.Literals(["Row", "Panel"]),
    id: Schema.optionalKey(Schema.Literals(["t", "w"])),
    children: Schema.Union([Schema.NullOr(children), Schema.Array(Schema.NullOr(children))]),
    data: Schema.optionalKey(Schema.Json)
  })
const Tree = Schema.Union([Text, tree(Schema.Union([Text, tree(Text)]))])

describe("for any two widgets", () => {
  const folded = (before: WidgetRoot, after: WidgetRoot) =>
    difference(before, after).reduce(apply, withoutNulls(before))

  it.prop("the updates turn one into the other", [Tree, Tree], ([before, after]) => {
    assert.deepStrictEqual(folded(root(before), root(after)), withoutNulls(root(after)))
  })

  /** The same tree, every text of it with an id of its own and `more` at its end. */
  const grown = (tree: Schema.Json, more: string) => {
    let texts = 0
    const grow = (json: Schema.Json): Schema.Json => {
      if (Array.isArray(json)) return json.map(grow)
      if (json === null || typeof json !== "object") return json
      const { children, id: _, ...rest } = json as Json
      const isText = rest["type"] === "Text" || rest["type"] === "Markdown"
      if (!isText)
        return { ...rest, ...(children === undefined ? {} : { children: grow(children) }) }
      return { ...rest, id: `t${texts++}`, value: `${String(rest["value"])}${more}` }
    }
    return { widget: root(grow(tree) as Json), texts: () => texts }
  }

  it.prop(
    "texts that grow are sent as what they grew by",
    [Tree, Schema.String],
    ([tree, more]) => {
      const before = grown(tree, "")
      const after = grown(tree, more)
      const updates = difference(before.widget, after.widget)
      assert.deepStrictEqual(
        updates.map(({ type }) => type),
        Array.from({ length: more === "" ? 0 : after.texts() }, () => delta("").type)
      )
      assert.deepStrictEqual(folded(before.widget, after.widget), withoutNulls(after.widget))
    }
  )
})
