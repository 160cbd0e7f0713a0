import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import { AiError, LanguageModel } from "effect/ai"
import { ModelRequest } from "../../../../src/responder/model/ModelRequest.ts"
import { nothingUsed } from "../../../../src/responder/model/usage/Used.ts"
import { tidied, titleFor } from "../../../../src/responder/model/Titles.ts"
import { captureLogs } from "../../../support/Doubles.ts"
import { finish } from "../../../support/ScriptedModel.ts"
import { message } from "../../../support/ThreadFixtures.ts"

const asked: Array<{ readonly model: string | undefined; readonly prompt: string }> = []

const naming = (answer: Effect.Effect<string>) =>
  Layer.effect(
    LanguageModel.LanguageModel,
    LanguageModel.make({
      streamText: () => Stream.empty,
      generateText: ({ prompt }) =>
        Effect.gen(function* () {
          const { model } = yield* ModelRequest
          asked.push({ model, prompt: JSON.stringify(prompt.content) })
          return [{ type: "text", text: yield* answer }, finish()] as const
        }) as never
    })
  )

const busy = AiError.make({
  module: "test",
  method: "test",
  reason: new AiError.RateLimitError({})
})

const said = message("thr_1", "msg_1", "Where is my bag?")

describe("a title", () => {
  it("is one line without quotes and dots around it, and begins with a capital", () => {
    assert.strictEqual(tidied(`  "lost bag."\nMore`), "Lost bag")
    assert.strictEqual(tidied("„verlorener Koffer“."), "Verlorener Koffer")
    assert.strictEqual(tidied("**éclair order**"), "Éclair order")
    assert.strictEqual(tidied("U.S. visa"), "U.S. visa")
    assert.strictEqual(tidied(`"..."`), undefined)
    assert.strictEqual(tidied(" \n "), undefined)
    assert.lengthOf(tidied("x".repeat(500)) ?? "", 80)
  })

  it.effect("is asked of the small model, with the beginning of the message", () =>
    Effect.gen(function* () {
      const long = message("thr_1", "msg_1", `Where is ${"x".repeat(5000)}`)
      const title = yield* Effect.provide(
        titleFor(long, nothingUsed("small")),
        naming(Effect.succeed("lost bag"))
      )
      assert.strictEqual(title, "Lost bag")
      assert.strictEqual(asked.at(-1)?.model, "small")
      assert.isBelow(asked.at(-1)?.prompt.length ?? 0, 3000)
    })
  )

  it.effect("is not asked for where there are no words", () =>
    Effect.gen(function* () {
      const before = asked.length
      const empty = message("thr_1", "msg_1", "  ")
      assert.isUndefined(
        yield* Effect.provide(titleFor(empty, nothingUsed("small")), naming(Effect.succeed("x")))
      )
      assert.lengthOf(asked, before)
    })
  )

  it.effect("is counted, by estimate where the provider does not count", () =>
    Effect.gen(function* () {
      const used = nothingUsed("small")
      yield* Effect.provide(titleFor(said, used), naming(Effect.succeed("lost bag")))
      const { inputTokens, ...rest } = used
      assert.deepStrictEqual(rest, { model: "small", rounds: 1, outputTokens: 2 })
      assert.isAbove(inputTokens, said.content[0]!.text.length / 4)
    })
  )

  it.effect("that does not come is a line of the log without the message", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const title = yield* titleFor(said, nothingUsed("small")).pipe(
        Effect.provide(
          Layer.merge(naming(Effect.fail(busy) as Effect.Effect<never>), captureLogs(lines))
        )
      )
      assert.isUndefined(title)
      assert.lengthOf(lines, 1)
      assert.notInclude(lines.join(), "bag")
    })
  )
})
