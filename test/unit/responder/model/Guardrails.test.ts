import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Stream } from "effect"
import { CustomStreamError } from "../../../../src/responder/StreamErrors.ts"
import { create, items, document, stream, typesOf } from "../../../support/ChatKitService.ts"
import { finish, modelKit, scriptedModel, text } from "../../../support/ScriptedModel.ts"

const refused = new CustomStreamError({ message: "Not here", allow_retry: false })

describe("the guardrail of the input", () => {
  it.effect("is waited for by an answer that is quicker, and takes it back", () =>
    Effect.gen(function* () {
      const answered = yield* Deferred.make<void>()
      const quick = Stream.concat(
        Stream.fromIterable([...text("Sure"), finish()]),
        Stream.fromEffectDrain(Deferred.succeed(answered, undefined))
      )
      // Long enough for an answer that waits for nobody to end first.
      const pause = Effect.repeat(Effect.yieldNow, { times: 1000 })
      const input = () =>
        Deferred.await(answered).pipe(Effect.andThen(pause), Effect.andThen(Effect.fail(refused)))
      yield* Effect.gen(function* () {
        const events = yield* stream(create("Something bad"))
        assert.deepStrictEqual(typesOf(events).slice(-2), ["thread.item.removed", "error"])
        assert.include(events.at(-1), "Not here")
        const id = (JSON.parse(events[0]!) as { thread: { id: string } }).thread.id
        const kept = JSON.stringify(yield* document(items(id)))
        assert.notInclude(kept, "Sure")
      }).pipe(Effect.provide(modelKit(scriptedModel(quick), { guardrails: { input } })))
    })
  )

  it.effect("lets an answer through that it has nothing against", () =>
    Effect.gen(function* () {
      const kit = modelKit(scriptedModel([...text("Sure"), finish()]), {
        guardrails: { input: () => Effect.void }
      })
      const events = yield* Effect.provide(stream(create("Hi")), kit)
      assert.include(events.at(-1), "Sure")
    })
  )
})
