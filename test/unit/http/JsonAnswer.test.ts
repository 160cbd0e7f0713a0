import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import type { HttpServerResponse } from "effect/http"
import { jsonAnswer } from "../../../src/http/JsonAnswer.ts"

/** The chunks of an answer, each decoded, and the length that its head states. */
const read = Effect.fnUntraced(function* ({ body }: HttpServerResponse.HttpServerResponse) {
  const decoder = new TextDecoder()
  if (body._tag === "Uint8Array") {
    return { pieces: [decoder.decode(body.body)], length: body.contentLength }
  }
  if (body._tag !== "Stream") return assert.fail(body._tag)
  const chunks: Array<ReadonlyArray<Uint8Array>> = []
  yield* Stream.runForEachArray(body.stream, (chunk) => Effect.sync(() => chunks.push(chunk)))
  assert.isTrue(chunks.every((chunk) => chunk.length === 1))
  return { pieces: chunks.flat().map((bytes) => decoder.decode(bytes)), length: body.contentLength }
})

const entries = (count: number, text: string) =>
  Array.from({ length: count }, (_, i) => ({ id: `msg_${i}`, content: [{ text }], n: null }))

const page = (count: number, text: string) => ({
  data: entries(count, text),
  has_more: true,
  after: "msg_9"
})

const thread = (items: object) => ({ id: "thr", metadata: { items: { data: [1] } }, items })

describe("an answer of JSON", () => {
  it.effect("is the text of the value, whatever it is, with its length", () =>
    Effect.gen(function* () {
      for (const value of [
        {},
        { text: "ü" },
        { data: "no list" },
        { items: [] },
        { data: [], has_more: false },
        page(1, "ü😀"),
        page(3, "x"),
        thread({ data: [], has_more: false }),
        thread(page(2, "x"))
      ]) {
        const response = yield* jsonAnswer(value)
        const text = JSON.stringify(value)
        const length = Buffer.byteLength(text)
        assert.deepStrictEqual(yield* read(response), { pieces: [text], length })
        assert.strictEqual(response.headers["content-type"], "application/json")
        assert.strictEqual(response.headers["content-length"], String(length))
      }
    })
  )

  it.effect("D3: is sent in pieces where it is a large page, alone or in a thread", () =>
    Effect.gen(function* () {
      for (const value of [page(40, "ü".repeat(100_000)), thread(page(40, "x".repeat(100_000)))]) {
        const response = yield* jsonAnswer(value)
        const { length, pieces } = yield* read(response)
        const text = JSON.stringify(value)
        assert.strictEqual(pieces.join(""), text)
        assert.strictEqual(length, Buffer.byteLength(text))
        assert.strictEqual(response.headers["content-length"], String(length))
        assert.strictEqual(response.headers["content-type"], "application/json")
        assert.isAtMost(Math.max(...pieces.map((piece) => piece.length)), 400_000)
      }
    })
  )

  it.effect("D3: lets others work between the pieces of a large page", () =>
    Effect.gen(function* () {
      let turns = 0
      const others = yield* Effect.forkChild(
        Effect.forever(
          Effect.andThen(
            Effect.sync(() => turns++),
            Effect.yieldNow
          )
        )
      )
      yield* jsonAnswer(page(40, "x".repeat(100_000)))
      yield* Fiber.interrupt(others)
      assert.isAtLeast(turns, 5)
    })
  )
})
