import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Layer, Schema, Tracer } from "effect"
import { Tool, Toolkit } from "effect/ai"
import { CurrentTurn } from "../../../../src/responder/CurrentTurn.ts"
import { layer as responderLayer } from "../../../../src/responder/model/ModelResponder.ts"
import { CustomStreamError } from "../../../../src/responder/StreamErrors.ts"
import { chatKit, create, stream, streamUntil, typesOf } from "../../../support/ChatKitService.ts"
import { captureLogs } from "../../../support/Doubles.ts"
import {
  call,
  finish,
  type Request,
  resultsIn,
  scriptedModel,
  text
} from "../../../support/ScriptedModel.ts"

const Count = Tool.make("count", {
  parameters: Schema.Struct({ to: Schema.Int }),
  success: Schema.String
})
const Refuse = Tool.make("refuse", { success: Schema.String, failure: Schema.Any })
const Delete = Tool.make("delete_all", { success: Schema.String, needsApproval: true })
const Page = Tool.make("page", { parameters: Schema.Struct({ id: Schema.Int }) })

class Secret extends Schema.TaggedError<Secret>()("Secret", { word: Schema.String }) {}

const script = (failure: unknown, ...rounds: ReadonlyArray<Request>) => {
  const ran: Array<string> = []
  const model = scriptedModel(...rounds)
  const tools = Toolkit.make(Count, Refuse, Delete)
  const handlers = tools.toLayer({
    count: ({ to }) => Effect.sync(() => `${ran.push("count")} of ${to}`),
    refuse: () => Effect.fail(failure),
    delete_all: () => Effect.sync(() => String(ran.push("delete_all")))
  })
  const responder = Layer.unwrap(
    Effect.map(tools, (toolkit) => responderLayer({ toolkit, clientTools: [Page] }))
  ).pipe(Layer.provide([handlers, model.layer]))
  return { ran, prompts: model.prompts, kit: chatKit(responder) }
}

const done = [...text("Done"), finish()]

describe("a call that cannot be run", () => {
  it.effect("is answered with the reason, beside those that can", () =>
    Effect.gen(function* () {
      const { kit, prompts, ran } = script(
        "",
        [
          ...call("c1", "no_such_tool"),
          ...call("c2", "count", { to: "ten" }),
          ...call("c3", "count", { to: 3 }),
          ...call("c4", "delete_all"),
          finish("tool-calls")
        ],
        done
      )
      const events = yield* Effect.provide(stream(create("Go")), kit)
      assert.include(events.at(-1), "Done")
      const [unknown, wrong, right, unapproved] = resultsIn(prompts[1])
      assert.strictEqual(unknown, "There is no such tool.")
      assert.include(String(wrong), "to")
      assert.strictEqual(right, "1 of 3")
      assert.include(String(unapproved), "approval")
      assert.deepStrictEqual(ran, ["count"])
    })
  )

  it.effect("because it was cut off is not run", () =>
    Effect.gen(function* () {
      const { kit, prompts, ran } = script(
        "",
        [...call("c1", "count", { to: 1 }), ...call("c2", "page", { id: 1 }), finish("length")],
        done
      )
      yield* Effect.provide(stream(create("Go")), kit)
      assert.deepStrictEqual(resultsIn(prompts[1]), [
        "The call was cut off.",
        "The call was cut off."
      ])
      assert.deepStrictEqual(ran, [])
    })
  )
})

describe("a handler that fails", () => {
  it.effect("is a failed result, and neither log nor span has its data", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const spans: Array<Tracer.NativeSpan> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })
      const { kit, prompts } = script(
        new Secret({ word: "hush" }),
        [...call("c1", "refuse"), ...call("c2", "count", { to: 42_000 }), finish()],
        done
      )
      yield* stream(create("Go")).pipe(
        Effect.provide(kit),
        Effect.withSpan("request"),
        Effect.provide(captureLogs(lines)),
        Effect.withTracer(tracer)
      )
      assert.strictEqual(resultsIn(prompts[1])[0], "The tool failed.")
      assert.isTrue(lines.some((line) => line.includes("tool failed") && line.includes("Secret")))
      assert.notInclude(lines.join(), "hush")
      const attributes = JSON.stringify(spans.map((span) => [...span.attributes]))
      assert.isAbove(spans.length, 0)
      assert.notInclude(attributes, "42000")
    })
  )

  it.effect("with words for the person ends the answer with them", () =>
    Effect.gen(function* () {
      const { kit, prompts } = script(
        new CustomStreamError({ message: "Not on Sundays", allow_retry: false }),
        [...call("c1", "refuse"), finish()],
        done
      )
      const events = yield* Effect.provide(stream(create("Go")), kit)
      assert.include(events.at(-1), "Not on Sundays")
      assert.lengthOf(prompts, 1)
    })
  )
})

describe("a handler that still runs", () => {
  it.effect(
    "is interrupted when the person stops the answer, and the model is not asked again",
    () =>
      Effect.gen(function* () {
        const interrupted = yield* Deferred.make<void>()
        const Slow = Tool.make("slow", { dependencies: [CurrentTurn] })
        const tools = Toolkit.make(Slow)
        const handlers = tools.toLayer({
          slow: Effect.fnUntraced(
            function* () {
              const turn = yield* CurrentTurn
              yield* turn.emit({ type: "progress_update", text: "Slowly" })
              return yield* Effect.never
            },
            Effect.onInterrupt(() => Deferred.succeed(interrupted, undefined))
          )
        })
        const model = scriptedModel([...call("c1", "slow"), finish()], done)
        const responder = Layer.unwrap(
          Effect.map(tools, (toolkit) => responderLayer({ toolkit }))
        ).pipe(Layer.provide([handlers, model.layer]))
        yield* Effect.gen(function* () {
          const events = yield* streamUntil(4, create("Go"))
          assert.strictEqual(typesOf(events).at(-1), "progress_update")
          yield* Deferred.await(interrupted)
        }).pipe(Effect.provide(chatKit(responder)))
        assert.lengthOf(model.prompts, 1)
      })
  )
})

describe("a call of the page's tool", () => {
  it.effect("ends the turn after the calls beside it", () =>
    Effect.gen(function* () {
      const { kit, prompts, ran } = script(
        "",
        [...call("c1", "count", { to: 1 }), ...call("c2", "page", { id: 7 }), finish()],
        done
      )
      const events = yield* Effect.provide(stream(create("Go")), kit)
      assert.strictEqual(typesOf(events).at(-1), "thread.item.done")
      assert.include(events.at(-1), `"call_id":"c2"`)
      assert.deepStrictEqual(ran, ["count"])
      assert.lengthOf(prompts, 1)
    })
  )

  it.effect("with wrong parameters goes back to the model, not to the page", () =>
    Effect.gen(function* () {
      const { kit, prompts } = script("", [...call("c1", "page", { id: "seven" }), finish()], done)
      const events = yield* Effect.provide(stream(create("Go")), kit)
      assert.notInclude(events.join(), "client_tool_call")
      assert.include(String(resultsIn(prompts[1])[0]), "id")
    })
  )
})
