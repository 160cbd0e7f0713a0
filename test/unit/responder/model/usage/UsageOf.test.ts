import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { DbUnavailable } from "../../../../../src/core/Errors.ts"
import { ModelLimits } from "../../../../../src/responder/model/ModelLimits.ts"
import { ModelUsage } from "../../../../../src/responder/model/usage/ModelUsage.ts"
import { usageOf } from "../../../../../src/responder/model/usage/UsageOf.ts"
import { ModelUsageMemory } from "../../../../../src/responder/model/usage/ModelUsageMemory.ts"
import { add, as, chatKit, create, stream } from "../../../../support/ChatKitService.ts"
import { captureLogs } from "../../../../support/Doubles.ts"
import { type Request, finish, scriptedModel, text } from "../../../../support/ScriptedModel.ts"
import { ModelChoice } from "../../../../../src/responder/model/ModelChoice.ts"
import * as ModelResponder from "../../../../../src/responder/model/ModelResponder.ts"

const hello: Request = [...text("Hello"), finish("stop", 10, 5)]

/** ChatKit with this limit and counter; its model says hello each time. */
const kit = <E>(dailyTokens: number, counter: Layer.Layer<ModelUsage, E>, title?: string) =>
  chatKit(
    ModelResponder.layer().pipe(
      Layer.provide([
        scriptedModel(hello, hello, hello).layer,
        counter,
        Layer.succeed(ModelLimits, { ...ModelLimits.defaultValue(), dailyTokens }),
        Layer.succeed(ModelChoice, { ...ModelChoice.defaultValue(), title })
      ]),
      Layer.orDie
    )
  )

const out = new DbUnavailable({ operation: "ModelUsage" })

const failing = (which: "add" | "tokensOf") =>
  Layer.succeed(ModelUsage, {
    add: () => (which === "add" ? Effect.fail(out) : Effect.void),
    tokensOf: () => (which === "tokensOf" ? Effect.fail(out) : Effect.succeed(0))
  })

const unavailable = "This chat is not available right now. Please try again in a moment."

describe("a counter of tokens", () => {
  it.effect("that is out of reach answers nobody where there is a limit, and says so", () => {
    const logs: Array<string> = []
    return Effect.gen(function* () {
      const events = yield* stream(create("Hi"))
      assert.deepInclude(JSON.parse(events.at(-1)!), {
        type: "error",
        message: unavailable,
        allow_retry: true
      })
      assert.notInclude(events.join(), "Hello")
      assert.include(logs.join(), "model usage not known")
    }).pipe(Effect.provide([kit(100, failing("tokensOf")), captureLogs(logs)]))
  })

  it.effect("that is out of reach is not asked where there is no limit", () =>
    Effect.gen(function* () {
      assert.include((yield* stream(create("Hi"))).join(), "Hello")
    }).pipe(Effect.provide(kit(0, failing("tokensOf"))))
  )

  it.effect("that is out of reach at the end leaves the answer as it is", () => {
    const logs: Array<string> = []
    return Effect.gen(function* () {
      const events = yield* stream(create("Hi"))
      assert.include(events.at(-1), "Hello")
      assert.notInclude(events.join(), `"error"`)
      assert.include(logs.join(), "model usage not counted")
    }).pipe(Effect.provide([kit(100, failing("add")), captureLogs(logs)]))
  })

  it.effect("begins anew with the day in UTC", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.UTC(2026, 10, 25, 23, 59))
      const { note, refuseIfUsedUp } = yield* usageOf
      yield* note({ model: "one", rounds: 1, inputTokens: 10, outputTokens: 5 }, 0)
      const refused = yield* Effect.flip(refuseIfUsedUp)
      assert.include(refused.message, "as much as you can today")
      yield* TestClock.adjust("1 minute")
      yield* refuseIfUsedUp
    }).pipe(
      Effect.provide(ModelUsageMemory),
      Effect.provideService(ModelLimits, { ...ModelLimits.defaultValue(), dailyTokens: 15 }),
      as("ada")
    )
  )

  it.effect("counts the tokens of titles by their own model", () => {
    const counted: Array<string> = []
    const counter = Layer.succeed(ModelUsage, {
      add: (_, { model, outputTokens }) =>
        Effect.sync(() => void counted.push(`${model} ${outputTokens}`)),
      tokensOf: () => Effect.succeed(0)
    })
    return Effect.gen(function* () {
      const events = yield* stream(create("Hi"))
      const { id } = (JSON.parse(events[0]!) as { readonly thread: { readonly id: string } }).thread
      yield* stream(add(id, "And?"))
      assert.sameMembers(counted, ["small 3", "default 5", "default 5"])
    }).pipe(Effect.provide(kit(0, counter, "small")))
  })
})
