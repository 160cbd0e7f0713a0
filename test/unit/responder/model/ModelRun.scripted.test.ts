import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import { AiError } from "effect/ai"
import { create, stream, streamUntil } from "../../../support/ChatKitService.ts"
import { captureLogs } from "../../../support/Doubles.ts"
import {
  finish,
  modelKit,
  type Request,
  scriptedModel,
  text
} from "../../../support/ScriptedModel.ts"

const answerTo = (...rounds: ReadonlyArray<Request>) =>
  Effect.provide(stream(create("Hi")), modelKit(scriptedModel(...rounds)))

describe("the end of a request", () => {
  it.effect("without anything to see is a failure that may be tried again", () =>
    Effect.gen(function* () {
      const silent = yield* answerTo([finish()])
      assert.include(silent.at(-1), "The model gave no answer")
      assert.include(silent.at(-1), `"allow_retry":true`)
      const thoughtful = yield* answerTo([
        { type: "reasoning-start", id: "r" },
        { type: "reasoning-delta", id: "r", delta: "Hm" },
        { type: "reasoning-end", id: "r" },
        finish()
      ])
      assert.include(thoughtful.join(), "The model gave no answer")
    })
  )

  it.effect("by the provider's policy is said in words, and what was shown is kept", () =>
    Effect.gen(function* () {
      const events = yield* answerTo([...text("Well"), finish("content-filter")])
      assert.include(events.at(-2), "Well")
      assert.include(events.at(-1), "The model may not answer this")
      assert.include(events.at(-1), `"allow_retry":false`)
    })
  )

  it.effect("by an error part is a failure of the model, without the provider's words", () =>
    Effect.gen(function* () {
      const own = yield* answerTo([{ type: "error", error: "disk of acme-7 is full" }])
      assert.include(own.at(-1), "The model stopped answering")
      assert.notInclude(own.join(), "acme-7")
      const error = AiError.make({
        module: "test",
        method: "test",
        reason: new AiError.RateLimitError({})
      })
      assert.include((yield* answerTo([{ type: "error", error }])).at(-1), "very busy")
    })
  )
})

describe("texts of one answer", () => {
  it.effect("are messages of their own, also when two are written at once", () =>
    Effect.gen(function* () {
      const events = yield* answerTo([
        { type: "text-start", id: "a" },
        { type: "text-delta", id: "a", delta: "One" },
        { type: "text-start", id: "b" },
        { type: "text-delta", id: "b", delta: "Two" },
        { type: "text-delta", id: "a", delta: "Three" },
        { type: "text-end", id: "b" },
        { type: "text-end", id: "a" },
        finish()
      ])
      const texts = events.flatMap((event) => {
        const { item, type } = JSON.parse(event) as {
          type: string
          item?: { type: string; content: ReadonlyArray<{ text: string }> }
        }
        return type === "thread.item.done" && item?.type === "assistant_message"
          ? [item.content[0]!.text]
          : []
      })
      assert.deepStrictEqual(texts, ["One", "Two", "Three"])
    })
  )

  it.effect("need no start", () =>
    Effect.gen(function* () {
      const events = yield* answerTo([{ type: "text-delta", id: "a", delta: "Hello" }, finish()])
      assert.include(events.at(-1), `"text":"Hello"`)
    })
  )
})

describe("tokens of an answer", () => {
  const usageOf = (lines: ReadonlyArray<string>) => {
    const line = lines.find((line) => line.includes("model usage")) ?? "{}"
    const { annotations } = JSON.parse(line) as { annotations: Record<string, unknown> }
    return { input: annotations["input_tokens"], output: annotations["output_tokens"] }
  }

  it.effect("are those that the provider counts", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      yield* Effect.provide(
        answerTo([...text("Hello"), finish("stop", 120, 7)]),
        captureLogs(lines)
      )
      assert.deepStrictEqual(usageOf(lines), { input: 120, output: 7 })
    })
  )

  it.effect("are estimated when the person stops it, and when nobody counts", () =>
    Effect.gen(function* () {
      const stopped: Array<string> = []
      const endless = Stream.concat(
        Stream.fromIterable(text("Hello, hello").slice(0, 2)),
        Stream.never
      )
      yield* streamUntil(6, create("Hi there")).pipe(
        Effect.provide(Layer.merge(modelKit(scriptedModel(endless)), captureLogs(stopped)))
      )
      assert.deepStrictEqual(usageOf(stopped), { input: 2, output: 3 })
      const uncounted: Array<string> = []
      yield* Effect.provide(answerTo([...text("Hello, hello"), finish()]), captureLogs(uncounted))
      assert.deepStrictEqual(usageOf(uncounted), { input: 1, output: 3 })
    })
  )
})
