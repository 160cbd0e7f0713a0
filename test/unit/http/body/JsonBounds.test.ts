import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { tooManyParts } from "../../../../src/http/body/JsonBounds.ts"
import { ask } from "../../../support/Client.ts"
import { ServerOnDoubles, tokenFor } from "../../../support/http/ServerOnDoubles.ts"

const times = (count: number, text: string) => Array.from({ length: count }, () => text).join(",")
const deep = (depth: number) => "[".repeat(depth) + "]".repeat(depth)
const list = (inner: string) => `{"type":"threads.list","params":{},"metadata":{"a":[${inner}]}}`

describe("D1: a body with too many parts", () => {
  it("is found before it is parsed", () => {
    assert.match(String(tooManyParts(list(times(520, deep(990))))), /50,000 objects and lists/)
    assert.match(String(tooManyParts(list(times(60_000, "{}")))), /50,000 objects and lists/)
    assert.match(String(tooManyParts(list(times(30_000, `{"a":1}`)))), /20,000 fields/)
    assert.isUndefined(tooManyParts(list(times(40_000, "[]"))))
    assert.isUndefined(tooManyParts(list(times(300_000, "1"))))
  })

  it("is none for what is in its strings, however they end", () => {
    const brackets = "[{:".repeat(50_000)
    for (const text of [brackets, `${brackets}\\`, `"${brackets}`, `\\"${brackets}\\"`]) {
      assert.isUndefined(tooManyParts(list(JSON.stringify(text))))
      const more = `${JSON.stringify(text)},${times(60_000, "[]")}`
      assert.isDefined(tooManyParts(list(more)))
    }
    assert.isUndefined(tooManyParts(`"${"x".repeat(100_000)}`))
  })

  it.live("is 400 in words", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const { body, status } = yield* ask(url, yield* tokenFor("ada"), list(times(520, deep(990))))
      const sentence = "Invalid request body: it has more than 50,000 objects and lists"
      assert.deepStrictEqual(
        [status, body],
        [400, JSON.stringify({ error: sentence, status: 400, message: sentence })]
      )
    }).pipe(Effect.provide(ServerOnDoubles.layer()))
  )
})
