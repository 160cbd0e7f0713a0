import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import { ActionConfig } from "../../../../src/protocol/Actions.ts"
import { WidgetItem } from "../../../../src/protocol/Items.ts"
import { withoutNulls } from "../../../../src/protocol/Json.ts"
import * as Widgets from "../../../../src/protocol/widgets/Widgets.ts"
import { examples } from "../../../support/WidgetExamples.ts"

const schemas: { readonly [type: string]: Schema.Codec<unknown, unknown> } = {
  ...Object.fromEntries(
    Widgets.WidgetComponent.members.map((member) => [member.fields.type.schema.literal, member])
  ),
  Card: Widgets.Card,
  ListView: Widgets.ListView,
  Basic: Widgets.Basic
}

const schemaOf = (type: string) => {
  const schema = schemas[type]
  assert(schema !== undefined, type)
  return schema
}

const written = Schema.decodeUnknownSync(Widgets.WidgetRoot)
const accepts = (schema: Schema.Codec<unknown, unknown>, value: unknown) =>
  Result.isSuccess(Schema.decodeUnknownResult(schema)(value))

describe("a component as the protocol spells it", () => {
  it("has an example for every one of them", () => {
    assert.deepStrictEqual(Object.keys(schemas).toSorted(), Object.keys(examples).toSorted())
  })

  it.each(Object.entries(examples))(
    "%s is accepted with the least and with all",
    (type, example) => {
      const strict = Schema.decodeUnknownSync(schemaOf(type))
      const all = { ...example.least, ...example.rest }
      assert.deepStrictEqual(strict(example.least), example.least)
      assert.deepStrictEqual(strict(all), all)
      assert.deepStrictEqual<unknown>(written(all), all)
    }
  )

  it.each(Object.entries(examples))(
    "%s is refused with any field of a wrong type",
    (type, example) => {
      const all = { ...example.least, ...example.rest }
      const wrong = Object.keys(all).filter((key) =>
        accepts(schemaOf(type), { ...all, [key]: [[]] })
      )
      assert.deepStrictEqual(wrong, [])
      const tooFew = Object.keys(example.least).filter((key) => {
        const { [key]: _, ...others } = all
        return accepts(schemaOf(type), others)
      })
      assert.deepStrictEqual(tooFew, [])
    }
  )

  it.each(Object.entries(examples))(
    "%s takes null where a field may be missing",
    (type, example) => {
      const strict = Schema.decodeUnknownSync(schemaOf(type))
      const optional = Object.keys(example.rest).filter((key) => !(key in example.least))
      const nulls = Object.fromEntries(optional.map((key) => [key, null]))
      assert.deepStrictEqual(strict({ ...example.least, ...nulls }), example.least)
    }
  )

  it("may be refused for a value outside its words", () => {
    const wrong: ReadonlyArray<readonly [string, string, Schema.Json]> = [
      ["Card", "size", "xl"],
      ["Card", "border", { size: "thick" }],
      ["Card", "border", { top: { color: "red" } }],
      ["Card", "background", { light: "#fff" }],
      ["Card", "confirm", { label: "Yes" }],
      ["Card", "confirm", { label: "Yes", action: { type: "x", handler: "page" } }],
      ["Card", "status", { text: "s", icon: "no-such-icon" }],
      ["ListView", "limit", 1.5],
      ["ListView", "children", [{ type: "Text", value: "" }]],
      ["Box", "children", [{ type: "Card", children: [] }]],
      ["Box", "children", [{ type: "Carousel" }]],
      ["Text", "editable", true],
      ["Text", "editable", { placeholder: "p" }],
      ["Text", "maxLines", 1.5],
      ["Icon", "name", "no-such-icon"],
      ["Select", "options", [{ value: "v" }]],
      ["Chart", "series", [{ type: "pie", dataKey: "x" }]],
      ["Chart", "data", [{ x: true }]],
      ["Image", "position", "middle"]
    ]
    const accepted = wrong.filter(([type, key, value]) =>
      accepts(schemaOf(type), { ...examples[type]?.least, [key]: value })
    )
    assert.deepStrictEqual(accepted, [])
  })
})

describe("a widget that is built", () => {
  const defaults = { handler: "server", loadingBehavior: "auto", streaming: true }

  it("writes every default of its actions, however deep they are", () => {
    const card = Widgets.Card.make({
      confirm: { label: "Yes", action: { type: "yes" } },
      children: [{ type: "Row", children: [{ type: "Button", onClickAction: { type: "go" } }] }]
    })
    assert.deepStrictEqual(card, {
      type: "Card",
      confirm: { label: "Yes", action: { type: "yes", ...defaults } },
      children: [
        {
          type: "Row",
          children: [{ type: "Button", onClickAction: { type: "go", ...defaults } }]
        }
      ]
    } as unknown as Widgets.Card)
    assert.deepStrictEqual(written(card), card)
  })

  it("keeps what its actions say", () => {
    const action = { type: "x", payload: [1], handler: "client", streaming: false } as const
    assert.strictEqual(
      JSON.stringify(ActionConfig.make(action)),
      '{"type":"x","payload":[1],"handler":"client","loadingBehavior":"auto","streaming":false}'
    )
  })

  it("leaves out what is not said", () => {
    assert.strictEqual(
      JSON.stringify(
        Widgets.Card.make({ children: [Widgets.Text.make({ id: "t", value: "Hi" })] })
      ),
      '{"type":"Card","children":[{"id":"t","type":"Text","value":"Hi"}]}'
    )
  })

  it("is refused when it does not fit", () => {
    assert.throws(() => Widgets.Title.make({ value: "", maxLines: 1.5 }))
  })

  it("is checked by the compiler", () => {
    const roots: ReadonlyArray<Widgets.WidgetRoot> = [
      { type: "Card", children: [{ type: "Text", id: "t", value: "hi" }] },
      { type: "Basic", children: { type: "Markdown", value: "hi" } },
      Widgets.ListView.make({ children: [] }),
      Widgets.dynamicWidget({ type: "Card", children: { type: "Carousel", items: [1, null] } }),
      // @ts-expect-error a text has a value
      { type: "Card", children: [{ type: "Text", id: "t" }] },
      // @ts-expect-error a list holds items
      { type: "ListView", children: [{ type: "Text", value: "hi" }] },
      // @ts-expect-error no such size
      { type: "Card", size: "huge", children: [] }
    ]
    assert.strictEqual(roots.length, 7)
  })
})

describe("a widget that is read", () => {
  it("stays as it was written, whatever is in it", () => {
    const texts = [
      '{"size":"sm","type":"Card","children":{"streaming":true,"type":"Text","value":1},"x":[{}]}',
      '{"type":"Card","children":[{"type":"Button","onClickAction":{"type":"go"}}]}',
      '{"type":"Carousel","__proto__":{"type":"a"},"items":[[],[0,"",false]],"key":5}'
    ]
    for (const text of texts) assert.strictEqual(JSON.stringify(written(JSON.parse(text))), text)
  })

  it("loses its nulls, at any depth", () => {
    const widget = {
      type: "Card",
      key: null,
      children: [
        null,
        { type: "Text", value: "Hello", italic: null },
        { type: "Transition", children: null },
        {
          type: "Button",
          onClickAction: { type: "go", payload: { x: null, list: [1, null, [null]] } }
        }
      ]
    }
    const without = {
      type: "Card",
      children: [
        { type: "Text", value: "Hello" },
        { type: "Transition" },
        { type: "Button", onClickAction: { type: "go", payload: { list: [1, []] } } }
      ]
    }
    assert.deepStrictEqual<unknown>(written(widget), without)
    assert.deepStrictEqual<unknown>(Schema.encodeUnknownSync(Widgets.WidgetRoot)(widget), without)
    assert.deepStrictEqual<unknown>(withoutNulls(widget), without)
    assert.deepStrictEqual<unknown>(Widgets.dynamicWidget(widget), without)
    const item = {
      id: "1",
      thread_id: "1",
      created_at: "",
      type: "widget",
      widget,
      copy_text: null
    }
    const { copy_text: _, ...rest } = item
    assert.deepStrictEqual<unknown>(Schema.decodeUnknownSync(WidgetItem)(item), {
      ...rest,
      widget: without
    })
  })

  it("leaves what it was read from alone", () => {
    const widget = { type: "Card", children: [{ type: "Text", value: null }] }
    const copy = structuredClone(widget)
    written(widget)
    assert.deepStrictEqual(widget, copy)
  })

  it("has to be an object with a type", () => {
    const wrong = [null, "Card", 1, ["Card"], {}, { type: null }, { type: 1 }]
    assert.deepStrictEqual(
      wrong.filter((value) => accepts(Widgets.WidgetRoot, value)),
      []
    )
    assert.isFalse(accepts(Widgets.WidgetRoot, { type: "Card", at: new Date(0) }))
  })

  const nested = (depth: number) => {
    let widget: Schema.JsonObject = { type: "Text", value: "" }
    for (let i = 1; i < depth; i++) widget = { type: "Box", children: [widget] }
    return { type: "Card", children: [widget] }
  }

  it("may be a thousand components deep", () => {
    const text = JSON.stringify(nested(1_000))
    assert.strictEqual(JSON.stringify(written(JSON.parse(text))), text)
  })

  it("may be hundreds of components deep to be checked", () => {
    assert.isTrue(accepts(Widgets.Card, nested(300)))
  })

  it("is refused when it is too deep to be written again", () => {
    for (const depth of [2_000, 50_000]) {
      assert.isFalse(accepts(Widgets.WidgetRoot, nested(depth)))
      assert.isFalse(accepts(Widgets.DynamicWidget, nested(depth)))
    }
  })
})
