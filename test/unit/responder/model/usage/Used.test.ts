import { assert, describe, it } from "@effect/vitest"
import { Prompt, Response } from "effect/ai"
import { count, nothingUsed } from "../../../../../src/responder/model/usage/Used.ts"
import type { Part } from "../../../../../src/responder/model/events/PartsToEvents.ts"

const finish = (input: number | undefined, output: number | undefined) =>
  Response.makePart("finish", {
    reason: "stop",
    response: undefined,
    // As a provider that checks nothing would count.
    usage: { inputTokens: { total: input }, outputTokens: { total: output } } as never
  })

const wrote = (delta: string) => Response.makePart("text-delta", { id: "t", delta })

/** Input and output tokens of a request that reads 40 characters and writes these parts. */
const tokensOf = (...said: ReadonlyArray<Part>) => tokensFor(Prompt.make("x".repeat(40)), ...said)

const tokensFor = (prompt: Prompt.Prompt, ...said: ReadonlyArray<Part>) => {
  const used = nothingUsed("one")
  count(used, prompt, said)
  return [used.inputTokens, used.outputTokens]
}

describe("the tokens of a request", () => {
  it("are those that the provider counts", () => {
    assert.deepStrictEqual(tokensOf(wrote("Hello, hello"), finish(120, 7)), [120, 7])
  })

  it("are whole numbers where a provider counts in fractions", () => {
    assert.deepStrictEqual(tokensOf(wrote("Hello, hello"), finish(119.5, 6.2)), [120, 7])
  })

  for (const total of [undefined, 0, -5, NaN, Infinity, 1e300]) {
    it(`are estimated where a provider counts ${total}`, () => {
      assert.deepStrictEqual(tokensOf(wrote("Hello, hello"), finish(total, total)), [10, 3])
    })
  }

  it("are estimated for an answer that is cut off", () => {
    assert.deepStrictEqual(tokensOf(wrote("Hello, "), wrote("hello")), [10, 3])
  })

  it("are none where the model was not reached", () => {
    assert.deepStrictEqual(tokensOf(), [0, 0])
  })

  it("add up over the requests of an answer", () => {
    const used = nothingUsed("one")
    count(used, Prompt.make("Hi"), [wrote("a"), finish(10, 5)])
    count(used, Prompt.make("Hi"), [wrote("a"), finish(-1, 5)])
    assert.deepStrictEqual([used.inputTokens, used.outputTokens], [11, 10])
  })

  it("are estimated for calls, their results, files and thoughts too", () => {
    const prompt = Prompt.make([
      { role: "system", content: "y".repeat(40) },
      {
        role: "user",
        content: [{ type: "file", mediaType: "image/png", data: new Uint8Array(100_000) }]
      },
      {
        role: "assistant",
        content: [{ type: "tool-call", id: "c", name: "n", params: { city: "Oslo" } }]
      },
      {
        role: "tool",
        content: [
          { type: "tool-result", id: "c", name: "n", isFailure: false, result: "r".repeat(400) }
        ]
      }
    ])
    const said = [
      Response.makePart("reasoning-delta", { id: "r", delta: "z".repeat(80) }),
      Response.makePart("tool-call", {
        id: "c",
        name: "n",
        params: { city: "Oslo" },
        providerExecuted: false
      })
    ]
    // 40 of text, 4000 for the picture, 15 of parameters, 402 of the result.
    assert.deepStrictEqual(tokensFor(prompt, ...said), [Math.ceil(4457 / 4), Math.ceil(95 / 4)])
  })
})
