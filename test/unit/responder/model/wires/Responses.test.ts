import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import { LanguageModel } from "effect/ai"
import { FetchHttpClient } from "effect/http"
import { ModelRequest } from "../../../../../src/responder/model/ModelRequest.ts"
import * as Responses from "../../../../../src/responder/model/wires/Responses.ts"
import { modelServer, refuses, responses, says } from "../../../../support/ModelServer.ts"
import { gist, partsFrom, partsOf, told, wires } from "../../../../support/Wires.ts"

describe("the Responses API", () => {
  it.live("gives several texts, each with an id of its own", () =>
    Effect.gen(function* () {
      const parts = yield* partsOf(
        "responses",
        says(
          responses.delta("One"),
          responses.textDone(),
          responses.delta("Two", "msg_2"),
          responses.textDone("msg_2"),
          responses.completed()
        )
      )
      assert.deepStrictEqual(told(parts), [
        "text-start msg_1:0",
        "text-delta One msg_1:0",
        "text-end msg_1:0",
        "text-start msg_2:0",
        "text-delta Two msg_2:0",
        "text-end msg_2:0",
        "finish stop 10+5"
      ])
    })
  )

  it.live("gives each part of a summary of reasoning as a thought of its own", () =>
    Effect.gen(function* () {
      const parts = yield* partsOf(
        "responses",
        says(
          responses.thought("First"),
          responses.thoughtDone(),
          responses.thought("Second", 1),
          responses.thoughtDone(1),
          ...responses.text("Done")
        )
      )
      assert.deepStrictEqual(
        parts.map(({ type }) => type),
        [
          "reasoning-start",
          "reasoning-delta",
          "reasoning-end",
          "reasoning-start",
          "reasoning-delta",
          "reasoning-end",
          "text-start",
          "text-delta",
          "text-end",
          "finish"
        ]
      )
    })
  )

  it.live("gives calls once, also when only the end names them", () =>
    Effect.gen(function* () {
      const call = responses.call("c1", "clock", { city: "Oslo" })
      const item = "item" in call[0]! ? call[0].item : undefined
      const late = { type: "response.completed", response: { output: [item] } }
      for (const events of [call, [call[0], late], [late]]) {
        const [line] = gist(yield* partsOf("responses", says(...events)))
        assert.strictEqual(line, `tool-call clock {"city":"Oslo"}`)
        assert.lengthOf(gist(yield* partsOf("responses", says(...events))), 2)
      }
    })
  )

  it.live("gives citations of pages and files with the place in their text", () =>
    Effect.gen(function* () {
      const parts = yield* partsOf(
        "responses",
        says(
          responses.delta("See"),
          responses.citation({
            type: "url_citation",
            url: "https://a.example/",
            title: "A",
            start_index: 0,
            end_index: 3
          }),
          responses.citation({ type: "file_citation", file_id: "f", filename: "a.txt", index: 2 }),
          responses.citation({ type: "container_file_citation", filename: "b.csv", end_index: 1 }),
          responses.citation({ type: "file_citation", file_id: "nameless", index: 2 }),
          responses.citation({ type: "url_citation", url: "no url", title: "B" }),
          responses.completed()
        )
      )
      const sources = parts.filter((part) => part.type === "source")
      assert.deepStrictEqual(
        sources.map(({ metadata, title }) => [title, metadata["chatkit"]]),
        [
          ["A", { textId: "msg_1:0", index: 3 }],
          ["a.txt", { textId: "msg_1:0", index: 2, filename: "a.txt" }],
          ["b.csv", { textId: "msg_1:0", index: 1, filename: "b.csv" }]
        ]
      )
    })
  )

  it.live("gives pictures, first in parts and then whole", () =>
    Effect.gen(function* () {
      const partial = (n: number) => ({
        type: "response.image_generation_call.partial_image",
        item_id: "ig_1",
        partial_image_index: n,
        partial_image_b64: "AQID"
      })
      const done = responses.item({
        type: "image_generation_call",
        id: "ig_1",
        result: "AQIDBA==",
        output_format: "webp"
      })
      const parts = yield* partsOf(
        "responses",
        says(partial(0), partial(1), done, responses.completed())
      )
      const files = parts.filter((part) => part.type === "file")
      assert.deepStrictEqual(
        files.map(({ data, mediaType, metadata }) => [mediaType, data.length, metadata["chatkit"]]),
        [
          ["image/png", 3, { callId: "ig_1", partial: 0, of: 2 }],
          ["image/png", 3, { callId: "ig_1", partial: 1, of: 2 }],
          ["image/webp", 4, { callId: "ig_1", partial: null, of: null }]
        ]
      )
    })
  )

  it.live("says why it is incomplete, and gives a refusal as text", () =>
    Effect.gen(function* () {
      const incomplete = (reason: string) => ({
        type: "response.incomplete",
        response: { incomplete_details: { reason } }
      })
      for (const [why, reason] of [
        ["max_output_tokens", "length"],
        ["content_filter", "content-filter"]
      ] as const) {
        const refusal = { type: "response.refusal.delta", item_id: "m", delta: "No" }
        const lines = gist(yield* partsOf("responses", says(refusal, incomplete(why))))
        assert.deepStrictEqual(lines, ["text-delta No m:0", `finish ${reason} undefined+undefined`])
      }
    })
  )

  it.live("is asked for nothing to be stored, with what the request chooses", () =>
    Effect.gen(function* () {
      const server = yield* modelServer(says(...responses.text("Hi")))
      yield* partsFrom(server.url, "responses", [
        { role: "system", content: "Be brief" },
        {
          role: "user",
          content: [
            { type: "text", text: "Look" },
            { type: "file", mediaType: "image/png", data: new Uint8Array([1]) },
            { type: "file", mediaType: "application/pdf", fileName: "a.pdf", data: "AQID" }
          ]
        },
        {
          role: "assistant",
          content: [
            { type: "text", text: "I see" },
            {
              type: "tool-call",
              id: "c1",
              name: "clock",
              params: { city: "Oslo" },
              providerExecuted: false
            }
          ]
        },
        {
          role: "tool",
          content: [
            { type: "tool-result", id: "c1", name: "clock", isFailure: false, result: "nine" }
          ]
        }
      ]).pipe(
        Effect.provideService(ModelRequest, {
          model: "another",
          maxOutputTokens: 99,
          temperature: 0.4,
          hostedTool: undefined
        })
      )
      assert.deepInclude(server.calls[0]?.body, {
        model: "another",
        max_output_tokens: 99,
        temperature: 0.4,
        store: false,
        stream: true,
        tool_choice: "auto",
        input: [
          { role: "system", content: "Be brief" },
          {
            role: "user",
            content: [
              { type: "input_text", text: "Look" },
              { type: "input_image", image_url: "data:image/png;base64,AQ==", detail: "auto" },
              {
                type: "input_file",
                filename: "a.pdf",
                file_data: "data:application/pdf;base64,AQID"
              }
            ]
          },
          { role: "assistant", content: [{ type: "output_text", text: "I see" }] },
          { type: "function_call", call_id: "c1", name: "clock", arguments: `{"city":"Oslo"}` },
          { type: "function_call_output", call_id: "c1", output: "nine" }
        ]
      })
      const offered = server.calls[0]?.body["tools"] as ReadonlyArray<object>
      assert.deepInclude(offered[0], { strict: false })
    }).pipe(Effect.scoped)
  )

  it.live("offers the tools that run there, and asks reasoning models for their thoughts", () =>
    Effect.gen(function* () {
      const server = yield* modelServer(says(...responses.text("Hi")))
      const layer = Responses.layer({
        url: server.url,
        apiKey: undefined,
        model: "gpt-5-mini",
        hostedTools: ["web_search", "image_generation"]
      })
      yield* Stream.runDrain(LanguageModel.streamText({ prompt: "Hi" })).pipe(
        Effect.provide(layer.pipe(Layer.provide(FetchHttpClient.layer)))
      )
      const [call] = server.calls
      assert.notProperty(call?.headers, "authorization")
      assert.deepInclude(call?.body, {
        reasoning: { summary: "auto" },
        tool_choice: "auto",
        tools: [{ type: "web_search" }, { type: "image_generation", partial_images: 2 }]
      })
    }).pipe(Effect.scoped)
  )

  it.live("are asked again without summaries of reasoning where those are refused", () =>
    Effect.gen(function* () {
      const refusal = { code: "unsupported_value", param: "reasoning.summary" }
      const server = yield* modelServer(refuses(400, refusal), says(...responses.text("Hi")))
      const ask = LanguageModel.streamText({ prompt: "Hi" }).pipe(
        Stream.runCollect,
        Effect.provideService(ModelRequest, {
          ...ModelRequest.defaultValue(),
          model: "gpt-5-mini"
        })
      )
      const answers = yield* Effect.all([ask, ask]).pipe(
        Effect.provide(wires.responses(server.url).pipe(Layer.provide(FetchHttpClient.layer)))
      )
      assert.deepStrictEqual(
        answers.map((parts) => gist(parts)[0]),
        ["text-delta Hi msg_1:0", "text-delta Hi msg_1:0"]
      )
      assert.deepStrictEqual(
        server.calls.map(({ body }) => body["reasoning"]),
        [{ summary: "auto" }, undefined, undefined]
      )
    }).pipe(Effect.scoped)
  )
})
