import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { lineWriter } from "../../../src/telemetry/LineWriter.ts"

/** A writer, and the text of each of its writes. */
const recorded = () => {
  const written: Array<string> = []
  return { written, ...lineWriter((text) => void written.push(text)) }
}

const endOfTurn = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))

describe("the writer of lines", () => {
  it.effect("writes all lines of a turn at once, in their order", () =>
    Effect.gen(function* () {
      const { line, written } = recorded()
      yield* endOfTurn
      assert.deepStrictEqual(written, [])
      line("one")
      line("two")
      yield* Effect.promise(() => Promise.resolve().then(() => line("three")))
      assert.deepStrictEqual(written, [])
      yield* endOfTurn
      assert.deepStrictEqual(written, ["one\ntwo\nthree\n"])
      line("four")
      yield* endOfTurn
      assert.deepStrictEqual(written, ["one\ntwo\nthree\n", "four\n"])
      yield* endOfTurn
      assert.lengthOf(written, 2)
    })
  )

  it.effect("writes a large buffer at once, and goes on as before", () =>
    Effect.gen(function* () {
      const { line, written } = recorded()
      const long = "x".repeat(1023)
      for (let i = 0; i < 64; i++) line(long)
      assert.deepStrictEqual(written, [])
      line("the line too many")
      assert.deepStrictEqual(written, [`${`${long}\n`.repeat(64)}the line too many\n`])
      line("after")
      assert.lengthOf(written, 1)
      yield* endOfTurn
      assert.deepStrictEqual(written.slice(1), ["after\n"])
      line("next")
      yield* endOfTurn
      assert.deepStrictEqual(written.slice(1), ["after\n", "next\n"])
    })
  )

  it.effect("never buffers more than its limit, and keeps every line in order", () =>
    Effect.gen(function* () {
      const { line, written } = recorded()
      const lines = Array.from({ length: 5000 }, (_, i) => `${i} ${"x".repeat((i * 37) % 200)}`)
      for (const [i, text] of lines.entries()) {
        line(text)
        if (i % 1000 === 999) yield* endOfTurn
      }
      yield* endOfTurn
      assert.strictEqual(written.join(""), lines.map((text) => `${text}\n`).join(""))
      assert.isAtMost(Math.max(...written.map(({ length }) => length)), 64 * 1024 + 256)
      assert.isAtMost(written.length, 5000 / 200)
    })
  )

  it.effect("writes a line that is larger than anything by itself", () =>
    Effect.gen(function* () {
      const { line, written } = recorded()
      line("before")
      line("x".repeat(1_000_000))
      assert.deepStrictEqual(
        written.map(({ length }) => length),
        [7 + 1_000_001]
      )
      yield* endOfTurn
      assert.lengthOf(written, 1)
    })
  )

  it.effect("writes at once when it is told to, and nothing twice", () =>
    Effect.gen(function* () {
      const { flush, line, written } = recorded()
      flush()
      assert.deepStrictEqual(written, [])
      line("last words")
      flush()
      flush()
      assert.deepStrictEqual(written, ["last words\n"])
      yield* endOfTurn
      assert.lengthOf(written, 1)
    })
  )
})
