import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { ThreadItem } from "../../../../../src/protocol/Items.ts"
import { keptCalls, keptMessages } from "../../../../../src/responder/model/prompt/KeptCalls.ts"
import { itemOf } from "../../../../support/ScriptedModel.ts"

const call = (id: string, result: unknown, params: unknown = {}) => ({
  id,
  name: "look",
  params,
  isFailure: false,
  result
})

describe("the calls of an answer that a tool of the page ends", () => {
  it("are kept as the texts that the model has read, each with its result", () => {
    const failure = { ...call("b", "There is no such tool."), isFailure: true }
    const kept = keptCalls([call("a", { b: [1] }, { c: 2 }), call("n", undefined), failure])
    assert.deepStrictEqual(keptMessages(JSON.parse(JSON.stringify(kept))), [
      {
        role: "assistant",
        content: [{ type: "tool-call", id: "a", name: "look", params: { c: 2 } }]
      },
      {
        role: "tool",
        content: [
          { type: "tool-result", id: "a", name: "look", isFailure: false, result: `{"b":[1]}` }
        ]
      },
      { role: "assistant", content: [{ type: "tool-call", id: "n", name: "look", params: {} }] },
      {
        role: "tool",
        content: [{ type: "tool-result", id: "n", name: "look", isFailure: false, result: "null" }]
      },
      { role: "assistant", content: [{ type: "tool-call", id: "b", name: "look", params: {} }] },
      {
        role: "tool",
        content: [
          {
            type: "tool-result",
            id: "b",
            name: "look",
            isFailure: true,
            result: "There is no such tool."
          }
        ]
      }
    ])
  })

  it("are kept within bounds, the newest first, and long results are cut", () => {
    const long = "x".repeat(120_000)
    const { calls } = keptCalls([
      call("a", "short"),
      call("b", long),
      call("c", long),
      call("d", long)
    ])
    assert.deepStrictEqual(
      calls.map(({ call_id }) => call_id),
      ["c", "d"]
    )
    assert.match(calls[0]!.output, /x \[cut: it was longer\]$/)
    assert.isBelow(JSON.stringify(calls).length, 250_000)
    assert.deepStrictEqual(keptCalls([call("a", "short", long.repeat(3))]).calls, [])
  })

  it("can be stored, however deep the model nests the arguments", () => {
    let deep: unknown = 1
    for (let level = 0; level < 1_500; level++) deep = [deep]
    const content = keptCalls([call("a", "found", { deep })])
    const item = itemOf("hidden_context_item", { content })
    assert.deepStrictEqual<unknown>(Schema.decodeSync(ThreadItem)(item), item)
    assert.lengthOf(keptMessages(content) ?? [], 2)
  })

  it("are no other note's content", () => {
    for (const content of ["a note", null, { type: "effect-chatkit/tool_calls" }, { calls: [] }]) {
      assert.isUndefined(keptMessages(content))
    }
  })
})
