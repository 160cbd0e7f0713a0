import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { Tool, Toolkit } from "effect/ai"
import { modelServices } from "../../../../src/Answers.ts"
import * as ModelResponder from "../../../../src/responder/model/ModelResponder.ts"
import type { SettingsShape } from "../../../../src/settings/Settings.ts"
import { create } from "../../../support/ChatKitService.ts"
import { answeringWith, seen } from "../../../support/ModelAnswers.ts"
import { chat, responses, says } from "../../../support/ModelServer.ts"

const Look = Tool.make("look", { success: Schema.String })
const Blink = Tool.make("blink")
const Tools = Toolkit.make(Look)

const responder = (settings: SettingsShape) =>
  Layer.unwrap(
    Effect.map(Tools, (toolkit) => ModelResponder.layer({ toolkit, clientTools: [Blink] }))
  ).pipe(
    Layer.provide(Tools.toLayer({ look: () => Effect.succeed("seen") })),
    Layer.provide(modelServices(settings, "the-model"))
  )

const choosing = (id: string) => create("Hi", { inference_options: { tool_choice: { id } } })

const refusal = "error This tool cannot be chosen here. Please choose another. false"

describe("the person's choice of a tool", () => {
  for (const [wire, hello, named] of [
    ["chat", says(...chat.text("Hi")), { type: "function", function: { name: "blink" } }],
    ["responses", says(...responses.text("Hi")), { type: "function", name: "blink" }]
  ] as const) {
    it.live(`by the wire ${wire} is refused in words where the tool is not offered`, () =>
      Effect.gen(function* () {
        const { calls, send } = yield* answeringWith({ MODEL_API: wire }, responder, hello)
        for (const id of ["no_such_tool", "web_search", "code_interpreter", "toString", ""]) {
          assert.deepStrictEqual(seen(yield* send(choosing(id))), [refusal])
        }
        assert.lengthOf(calls, 0)
        yield* send(choosing("blink"))
        assert.deepStrictEqual(calls[0]?.body["tool_choice"], named)
      }).pipe(Effect.scoped)
    )
  }

  it.live("of one of the provider's tools is passed on for the first request", () =>
    Effect.gen(function* () {
      const { calls, send } = yield* answeringWith(
        { MODEL_API: "responses", MODEL_TOOLS: "web_search" },
        responder,
        says(...responses.call("call_1", "look", {})),
        says(...responses.text("Found"))
      )
      const events = seen(yield* send(choosing("web_search")))
      assert.strictEqual(events.at(-1), "item.done assistant_message Found")
      assert.deepStrictEqual(
        calls.map(({ body }) => body["tool_choice"]),
        [{ type: "web_search" }, "auto"]
      )
      assert.deepStrictEqual(seen(yield* send(choosing("image_generation"))), [refusal])
    }).pipe(Effect.scoped)
  )
})
