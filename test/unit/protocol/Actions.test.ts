import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import { Action, ActionConfig } from "../../../src/protocol/Actions.ts"

describe("an action that a client sends", () => {
  const read = Schema.decodeUnknownResult(Action)

  it("always has a payload, null when none was sent", () => {
    assert.deepStrictEqual(read({ type: "go" }), Result.succeed({ type: "go", payload: null }))
    const payload = { x: null, list: [1] }
    assert.deepStrictEqual(read({ type: "go", payload }), Result.succeed({ type: "go", payload }))
  })

  it("drops every other member", () => {
    assert.deepStrictEqual(
      read({ type: "go", payload: 1, handler: "server", streaming: false }),
      Result.succeed({ type: "go", payload: 1 })
    )
  })

  it("needs a type", () => {
    for (const wrong of [{}, { payload: {} }, { type: null }, { type: 1 }, "go", null]) {
      assert.isTrue(Result.isFailure(read(wrong)))
    }
  })
})

it("what a widget says about its action is read without adding to it", () => {
  const read = Schema.decodeUnknownSync(ActionConfig)
  assert.deepStrictEqual(read({ type: "go" }), { type: "go" })
  assert.deepStrictEqual(read({ type: "go", handler: null, payload: null }), { type: "go" })
})
