import { assert, describe, it } from "@effect/vitest"
import {
  isNode,
  jsonProblem,
  lengthOfJson,
  wellFormed,
  wellFormedText,
  withoutNulls
} from "../../../src/protocol/Json.ts"

const nested = (depth: number): unknown => {
  let json: unknown = {}
  for (let i = 1; i < depth; i++) json = i % 2 === 0 ? { json } : [json]
  return json
}

describe("isNode", () => {
  it("accepts objects and lists", () => {
    const values = [{}, [], { a: 1 }, null, undefined, "", 0, true]
    assert.deepStrictEqual<unknown>(values.filter(isNode), [{}, [], { a: 1 }])
  })
})

describe("withoutNulls", () => {
  it("removes nulls from objects and lists at any depth", () => {
    assert.deepStrictEqual<unknown>(
      withoutNulls({ a: null, b: [null, 1, [null], { c: null, d: { e: null } }], f: {} }),
      { b: [1, [], { d: {} }], f: {} }
    )
  })

  it("keeps false, zero, the empty string and undefined", () => {
    const json = { a: false, b: 0, c: "", d: undefined, e: [false, 0, ""] }
    assert.deepStrictEqual(withoutNulls(json), json)
  })

  it("keeps the order of fields, and a field called __proto__", () => {
    const text = '{"b":1,"__proto__":{"x":1},"a":[2,{"z":1,"y":2}]}'
    assert.strictEqual(JSON.stringify(withoutNulls(JSON.parse(text))), text)
  })

  it("returns a value that is neither an object nor a list", () => {
    for (const value of [null, 1, "text", true]) assert.strictEqual(withoutNulls(value), value)
  })

  it("does not change its argument, nor share objects with the result", () => {
    const json = { a: null, list: [null, { b: null }] }
    const before = structuredClone(json)
    const copy = withoutNulls(json)
    assert.deepStrictEqual(json, before)
    assert.notStrictEqual(copy.list, json.list)
    assert.notStrictEqual<unknown>(copy.list[0], json.list[1])
  })

  it("does not overflow the stack for deep JSON", () => {
    assert.isDefined(withoutNulls(nested(100_000)))
  })
})

describe("wellFormed", () => {
  it("E7: replaces half characters in every text, and copies nothing else", () => {
    const whole = { a: "x😀", list: ["ü"], n: 1 }
    assert.strictEqual(wellFormed(whole), whole)
    const halves = { a: "x\ud83d", list: ["\ude00y", { b: "😀" }], n: 1, nothing: null }
    assert.deepStrictEqual(wellFormed(halves), {
      a: "x\ufffd",
      list: ["\ufffdy", { b: "😀" }],
      n: 1,
      nothing: null
    })
    assert.strictEqual(wellFormed("\ud800"), "\ufffd")
  })

  it("E7: replaces halves in the names of fields, beside each other, and after backslashes", () => {
    assert.deepStrictEqual<unknown>(
      wellFormed({ "\udbff": "\ud800\ud800", list: ["\\\udfff", "\\ud800\ud8ab"] }),
      {
        "\ufffd": "\ufffd\ufffd",
        list: ["\\\ufffd", "\\ud800\ufffd"]
      }
    )
  })
})

describe("wellFormedText", () => {
  it("E7: replaces halves that any client may write, and no whole character", () => {
    const text = String.raw`["\uD83D\uDE00\ud83d\uDE00", "\uDe00\uD83D", "\\uD83D", "\\\uD83D", "\uD83D\n"]`
    assert.deepStrictEqual(JSON.parse(wellFormedText(text)), [
      "😀😀",
      "\ufffd\ufffd",
      "\\uD83D",
      "\\\ufffd",
      "\ufffd\n"
    ])
  })

  it("E7: leaves a text without halves, or one that is not JSON, as it is", () => {
    for (const text of [`"\\ud83d\\ude00"`, `{"a": "ü"}`, `"\\ud83`, `\\ud83`]) {
      assert.strictEqual(wellFormedText(text), text)
    }
  })
})

describe("lengthOfJson", () => {
  it("D3: is about the length of the text, at any depth, and looks into no text", () => {
    for (const json of [
      "x".repeat(100_000),
      { a: { b: ["x".repeat(40_000), { c: "y".repeat(60_000) }] }, n: [1, true, null] },
      Array.from({ length: 10_000 }, (_, i) => ({ type: "input_text", text: `${i}` }))
    ]) {
      assert.closeTo(lengthOfJson(json) / JSON.stringify(json).length, 1, 0.4)
    }
    assert.isAbove(lengthOfJson(nested(100_000)), 100_000)
  })
})

describe("the bounds of JSON", () => {
  it.each([1, 2, 3, 10, 1_000, 40_000])("D1: count %d levels exactly", (depth) => {
    const nodes = 50_000
    assert.isUndefined(jsonProblem(nested(depth), { depth, nodes }))
    assert.match(String(jsonProblem(nested(depth), { depth: depth - 1, nodes })), /levels deep/)
  })

  it("D1: take the deepest branch, and count no leaf", () => {
    const json = { flat: [1], deep: [[[]]], empty: {} }
    assert.isUndefined(jsonProblem(json, { depth: 4, nodes: 10 }))
    assert.isDefined(jsonProblem(json, { depth: 3, nodes: 10 }))
    for (const value of [null, 1, "text", false]) {
      assert.isUndefined(jsonProblem(value, { depth: 0, nodes: 0 }))
    }
  })

  it("D1: end the walk at the first object or list too many", () => {
    let seen = 0
    const children = new Proxy<ReadonlyArray<unknown>>(
      Array.from({ length: 500_000 }, () => []),
      {
        get: (list, key) => {
          if (key !== "length") seen += 1
          return Reflect.get(list, key) as unknown
        }
      }
    )
    assert.match(String(jsonProblem({ a: children })), /more than 50,000 objects and lists/)
    assert.isAtMost(seen, 50_001)
  })

  it("take nothing that JSON has not", () => {
    for (const value of [undefined, Number.NaN, Infinity, 1n, new Date(), new Map(), () => 1]) {
      assert.strictEqual(jsonProblem(value), "must be JSON")
      assert.strictEqual(jsonProblem({ a: [value] }), "must be JSON")
    }
  })
})
