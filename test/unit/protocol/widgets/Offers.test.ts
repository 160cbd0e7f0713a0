import { assert, describe, it } from "@effect/vitest"
import type { Schema } from "effect"
import { dynamicWidget } from "../../../../src/protocol/widgets/AnyWidget.ts"
import { offersAction } from "../../../../src/protocol/widgets/Offers.ts"

const button = (onClickAction: Schema.Json): Schema.Json => ({ type: "Button", onClickAction })
const card = (more: Schema.JsonObject) => dynamicWidget({ type: "Card", ...more })
const buttons = (...actions: ReadonlyArray<Schema.Json>) =>
  card({ children: [{ type: "Row", children: actions.map(button) }] })

const action = (type: string, payload: Schema.Json = null) => ({ type, payload })

describe("the actions that a widget offers", () => {
  it("are those of its components, at any depth", () => {
    const widget = buttons({ type: "a", payload: { id: 1 } }, { type: "b" })
    assert.isTrue(offersAction(widget, action("a", { id: 1 })))
    assert.isTrue(offersAction(widget, action("b")))
    assert.isFalse(offersAction(widget, action("c")))
    assert.isFalse(offersAction(card({ children: [] }), action("a", { id: 1 })))
  })

  it("are those of changes, forms, and the two buttons of a card", () => {
    const widget = card({
      asForm: true,
      confirm: { label: "Yes", action: { type: "yes" } },
      cancel: { label: "No", action: { type: "no" } },
      children: [
        { type: "Select", name: "s", options: [], onChangeAction: { type: "change" } },
        { type: "Form", onSubmitAction: { type: "submit" }, children: [] }
      ]
    })
    for (const type of ["yes", "no", "change", "submit"]) {
      assert.isTrue(offersAction(widget, action(type)), type)
    }
  })

  it("have the payload of the widget, whatever the order of its members", () => {
    const widget = buttons({ type: "a", payload: { id: 1, list: [1, { x: 2, y: null }], z: "t" } })
    assert.isTrue(offersAction(widget, action("a", { z: "t", list: [1, { x: 2 }], id: 1 })))
    for (const payload of [
      null,
      7,
      [],
      { id: 1 },
      { id: 2, list: [1, { x: 2 }], z: "t" },
      { id: 1, list: [1, { x: 2 }, 3], z: "t" },
      { id: 1, list: { 0: 1, 1: { x: 2 } }, z: "t" }
    ]) {
      assert.isFalse(offersAction(widget, action("a", payload)), JSON.stringify(payload))
    }
  })

  it("get more members from the fields of a form", () => {
    const widget = buttons({ type: "a", payload: { order: { id: 1 } } }, { type: "b" })
    const filled = { order: { id: 1, note: "Hi" }, name: "Ada" }
    assert.isTrue(offersAction(widget, action("a", filled)))
    assert.isTrue(offersAction(widget, action("b", filled)))
  })

  it("are no components, and nothing inside of a payload", () => {
    const widget = buttons({ type: "a", payload: { action: { type: "hidden" } } })
    assert.isFalse(offersAction(widget, action("Button")))
    assert.isFalse(offersAction(widget, action("hidden")))
  })

  it("are found in a widget that is very deep, without overflowing the stack", () => {
    let child: Schema.Json = button({ type: "deep" })
    for (let i = 0; i < 1_000; i++) child = { type: "Box", children: [child] }
    assert.isTrue(offersAction(card({ children: [child] }), action("deep")))
  })
})
