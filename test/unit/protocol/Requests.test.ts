import { assert, describe, it } from "@effect/vitest"
import { Exit, Schema } from "effect"
import { ChatKitRequest } from "../../../src/protocol/Requests.ts"
import { add, create, get, list } from "../../support/ChatKitService.ts"

const decoded = (body: unknown) => Schema.decodeUnknownExit(ChatKitRequest)(body)

const accepts = (body: unknown) => Exit.isSuccess(decoded(body))

const limitOf = (limit: unknown) => {
  const exit = decoded(list({ limit }))
  if (Exit.isFailure(exit)) return "refused"
  return "type" in exit.value && exit.value.type === "threads.list"
    ? exit.value.params.limit
    : "no list"
}

describe("ChatKitRequest", () => {
  it("D1: looks at free-form JSON twice at most, wherever it is", () => {
    for (const body of [
      (json: unknown) => ({ ...list(), metadata: json }),
      (json: unknown) => ({
        type: "threads.custom_action",
        params: { thread_id: "thr", action: { type: "buy", payload: json } }
      }),
      (json: unknown) => ({
        type: "threads.add_client_tool_output",
        params: { thread_id: "thr", result: json }
      })
    ]) {
      let looks = 0
      const json = new Proxy(
        { a: 1 },
        {
          ownKeys: (target) => {
            looks += 1
            return Reflect.ownKeys(target)
          }
        }
      )
      assert.isTrue(accepts(body(json)))
      assert.isAtMost(looks, 2)
    }
  })

  it("takes for an integer what the reference takes for one", () => {
    for (const [limit, expected] of [
      [5, 5],
      [0, 0],
      [-3, -3],
      [5.0, 5],
      ["5", 5],
      ["5.0", 5],
      [" 5 ", 5],
      ["-5", -5],
      [true, 1],
      [false, 0],
      [null, null],
      [9999, 9999]
    ] as const) {
      assert.strictEqual(limitOf(limit), expected, JSON.stringify(limit))
    }
  })

  it("refuses anything but an integer", () => {
    for (const limit of [
      5.5,
      "5.5",
      "",
      " ",
      "five",
      "5x",
      "NaN",
      "Infinity",
      [],
      [5],
      {},
      1e300
    ]) {
      assert.strictEqual(limitOf(limit), "refused", JSON.stringify(limit))
    }
  })

  it("refuses integers in another notation, as the reference does", () => {
    for (const limit of ["0x10", "0b1", "0o7", "1e3"]) {
      assert.strictEqual(limitOf(limit), "refused", limit)
    }
  })

  it("accepts the four operations and the shorthand, and ignores what it does not know", () => {
    for (const body of [
      create("Hello"),
      add("thr_1", "Hello"),
      list(),
      list({ order: "asc", after: null, limit: null }),
      get("thr_1"),
      { message: "Hello" },
      { message: "", thread_id: "thr_1" },
      { ...list({ unknown: 1 }), unknown: 2, metadata: { any: ["thing", null] } },
      create("Hello", { content: [], quoted_text: null, unknown: true }),
      { message: "Hello", unknown: 1 }
    ]) {
      assert.isTrue(accepts(body), JSON.stringify(body))
    }
  })

  it("refuses everything else", () => {
    for (const body of [
      null,
      [],
      "threads.list",
      7,
      {},
      { type: "threads.list" },
      { type: "threads.list", params: null },
      { type: "threads.get_by_id", params: {} },
      { type: "threads.get_by_id", params: { thread_id: 7 } },
      { type: "threads.stop", params: {} },
      { type: "Threads.list", params: {} },
      { type: ["threads.list"], params: {} },
      { ...list(), metadata: null },
      list({ order: null }),
      list({ order: "DESC" }),
      list({ after: 7 }),
      create("Hello", { attachments: null }),
      create("Hello", { attachments: [7] }),
      create("Hello", { inference_options: null }),
      create("Hello", { quoted_text: 7 }),
      create("Hello", { content: [{ type: "output_text", text: "x" }] }),
      create("Hello", { content: [{ type: "input_text" }] }),
      create("Hello", { content: "Hello" }),
      { message: 7 },
      { message: "Hello", thread_id: null },
      { thread_id: "thr_1" }
    ]) {
      assert.isFalse(accepts(body), JSON.stringify(body))
    }
  })

  it("does not take a broken operation for the shorthand because it has a message", () => {
    for (const body of [
      { type: "threads.stop", params: {}, message: "Hello" },
      { type: "threads.list", message: "Hello" },
      { ...list({ limit: "five" }), message: "Hello" }
    ]) {
      assert.isFalse(accepts(body), JSON.stringify(body))
    }
  })
})
