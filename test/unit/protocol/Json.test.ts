import { assert, describe, it } from "@effect/vitest"
import { isDeeperThan, isNode, withoutNulls } from "../../../src/protocol/Json.ts"

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
    assert.isFalse(isDeeperThan(withoutNulls(nested(100_000)), 100_000))
  })
})

describe("isDeeperThan", () => {
  it.each([1, 2, 3, 10, 1_000, 100_000])("counts %d levels exactly", (depth) => {
    assert.isFalse(isDeeperThan(nested(depth), depth))
    assert.isTrue(isDeeperThan(nested(depth), depth - 1))
  })

  it("does not count a value that is neither an object nor a list", () => {
    for (const value of [null, 1, "text"]) assert.isFalse(isDeeperThan(value, 0))
    assert.isFalse(isDeeperThan({ a: 1, b: null }, 1))
  })

  it("takes the deepest branch", () => {
    const json = { flat: [1], deep: [[[]]], empty: {} }
    assert.isFalse(isDeeperThan(json, 4))
    assert.isTrue(isDeeperThan(json, 3))
  })
})
