import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import { LanguageModel, Prompt, Tool, Toolkit } from "effect/ai"
import { FetchHttpClient } from "effect/http"
import { ModelRequest } from "../../../../../src/responder/model/ModelRequest.ts"
import * as ChatCompletions from "../../../../../src/responder/model/wires/ChatCompletions.ts"
import { chat, modelServer, says } from "../../../../support/ModelServer.ts"
import { gist, key, partsFrom, partsOf, told, wires } from "../../../../support/Wires.ts"

const gistOf = (...events: ReadonlyArray<unknown>) =>
  Effect.map(partsOf("chat", says(...events)), gist)

const called = (name: string, args: string, more: object = {}) =>
  chat.delta({ tool_calls: [{ ...more, function: { name, arguments: args } }] })

describe("chat completions", () => {
  it.live("give text with its beginning and end, and the usage that comes last", () =>
    Effect.gen(function* () {
      const parts = yield* partsOf("chat", says(...chat.text("Hel", "lo")))
      assert.deepStrictEqual(told(parts), [
        "text-start text-0",
        "text-delta Hel text-0",
        "text-delta lo text-0",
        "text-end text-0",
        "finish stop 10+5"
      ])
    })
  )

  it.live("give a call whose arguments come in pieces, once it is whole", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* gistOf(...chat.call("call_1", "clock", { city: "Oslo" })), [
        `tool-call clock {"city":"Oslo"}`,
        "finish tool-calls 10+5"
      ])
    })
  )

  it.live("give calls without index, without id, whole in one chunk, and beside `stop`", () =>
    Effect.gen(function* () {
      const args = (city: string) => JSON.stringify({ city })
      assert.deepStrictEqual(
        yield* gistOf(
          called("clock", args("Oslo"), { id: "a" }),
          called("clock", args("Rome")),
          called("clock", `{"city":`, { id: "c" }),
          called("", `"Bern"}`),
          chat.finish("stop"),
          "[DONE]"
        ),
        [
          `tool-call clock {"city":"Oslo"}`,
          `tool-call clock {"city":"Rome"}`,
          `tool-call clock {"city":"Bern"}`,
          "finish stop undefined+undefined"
        ]
      )
      const parallel = yield* gistOf(
        chat.delta({
          tool_calls: [
            { index: 0, id: "a", function: { name: "clock", arguments: `{"city":` } },
            { index: 1, id: "b", function: { name: "clock", arguments: args("Rome") } }
          ]
        }),
        chat.delta({ tool_calls: [{ index: 0, function: { arguments: `"Oslo"}` } }] }),
        chat.finish("tool_calls")
      )
      assert.deepStrictEqual(parallel.slice(0, 2), [
        `tool-call clock {"city":"Oslo"}`,
        `tool-call clock {"city":"Rome"}`
      ])
    })
  )

  it.live("give parallel calls that all have the same index", () =>
    Effect.gen(function* () {
      const args = (city: string) => JSON.stringify({ city })
      const cities = ["Oslo", "Rome", "Bern"]
      const whole = (id: (city: string) => object) =>
        gistOf(
          ...cities.map((city) => called("clock", args(city), { index: 0, ...id(city) })),
          chat.finish("tool_calls")
        )
      const expected = [
        ...cities.map((city) => `tool-call clock ${args(city)}`),
        "finish tool-calls undefined+undefined"
      ]
      assert.deepStrictEqual(yield* whole((city) => ({ id: city })), expected)
      assert.deepStrictEqual(yield* whole(() => ({})), expected)
      assert.deepStrictEqual(yield* whole(() => ({ id: "" })), expected)
    })
  )

  it.live("give one call whose name and id come with every piece", () =>
    Effect.gen(function* () {
      for (const more of [{ index: 0, id: "a" }, { index: 0 }, { id: "a" }]) {
        const [call, finish] = yield* gistOf(
          called("clock", `{"city":`, more),
          called("clock", `"Oslo"}`, more),
          called("clock", "", more),
          chat.finish("tool_calls")
        )
        assert.strictEqual(call, `tool-call clock {"city":"Oslo"}`)
        assert.match(String(finish), /^finish/)
      }
    })
  )

  it.live("give every call an id that no other has, also in another answer", () =>
    Effect.gen(function* () {
      const args = JSON.stringify({ city: "Oslo" })
      const script = says(
        called("clock", args),
        called("clock", args, { id: "same", index: 1 }),
        called("clock", args, { id: "same", index: 2 }),
        chat.finish("tool_calls")
      )
      const both = [yield* partsOf("chat", script), yield* partsOf("chat", script)].flat()
      const ids = both.flatMap((part) => (part.type === "tool-call" ? [part.id] : []))
      assert.lengthOf(ids, 6)
      // Only the id that the server gave is the same in both.
      assert.strictEqual(new Set(ids).size, 5)
    })
  )

  it.live("take an empty finish_reason for none", () =>
    Effect.gen(function* () {
      const lines = yield* gistOf(
        { choices: [{ index: 0, delta: { content: "Hi" }, finish_reason: "" }] },
        chat.finish("length"),
        { choices: [{ index: 0, delta: {}, finish_reason: "" }] }
      )
      assert.deepStrictEqual(lines, ["text-delta Hi text-0", "finish length undefined+undefined"])
    })
  )

  it.live("take counts of tokens that are no whole numbers", () =>
    Effect.gen(function* () {
      const finishOf = (prompt: unknown, completion: unknown) =>
        Effect.map(
          gistOf(chat.delta({ content: "Hi" }), chat.finish("stop"), {
            choices: [],
            usage: { prompt_tokens: prompt, completion_tokens: completion }
          }),
          (lines) => lines.at(-1)
        )
      assert.strictEqual(yield* finishOf(10.4, 4.5), "finish stop 10+5")
      assert.strictEqual(yield* finishOf(-1, "7"), "finish stop undefined+undefined")
      assert.strictEqual(yield* finishOf(null, true), "finish stop undefined+undefined")
    })
  )

  it.live(
    "limit the answer by the word that the model knows, and send reasoning ones no temperature",
    () =>
      Effect.gen(function* () {
        const server = yield* modelServer(says(...chat.text("Hi")))
        const ask = (model: string) =>
          LanguageModel.streamText({ prompt: "Hi" }).pipe(
            Stream.runDrain,
            Effect.provideService(ModelRequest, {
              ...ModelRequest.defaultValue(),
              model,
              maxOutputTokens: 9,
              temperature: 0.5
            }),
            Effect.provide(
              ChatCompletions.layer({ url: server.url, apiKey: undefined, model: "other" }).pipe(
                Layer.provide(FetchHttpClient.layer)
              )
            )
          )
        yield* ask("llama3.2")
        yield* ask("gpt-5-chat-latest")
        yield* ask("gpt-5-mini")
        yield* ask("o4-mini")
        const sent = server.calls.map(({ body }) => [
          body["max_tokens"],
          body["max_completion_tokens"],
          body["temperature"]
        ])
        assert.deepStrictEqual(sent, [
          [9, undefined, 0.5],
          [9, undefined, 0.5],
          [undefined, 9, undefined],
          [undefined, 9, undefined]
        ])
      }).pipe(Effect.scoped)
  )

  it.live(
    "describe a tool without parameters by no properties, and take `null` as its parameters",
    () =>
      Effect.gen(function* () {
        const call = called("ping", "null", { index: 0, id: "a" })
        const server = yield* modelServer(says(call, chat.finish("tool_calls")))
        const parts = yield* LanguageModel.streamText({
          prompt: "Hi",
          toolkit: Toolkit.make(Tool.make("ping")),
          disableToolCallResolution: true
        }).pipe(
          Stream.runCollect,
          Effect.provide(wires.chat(server.url).pipe(Layer.provide(FetchHttpClient.layer)))
        )
        assert.strictEqual(gist(parts)[0], "tool-call ping {}")
        const parameters = { type: "object", properties: {}, additionalProperties: false }
        assert.deepStrictEqual(server.calls[0]?.body["tools"], [
          { type: "function", function: { name: "ping", parameters } }
        ])
      }).pipe(Effect.scoped)
  )

  it.live("send the address of a picture, and that of another file as text", () =>
    Effect.gen(function* () {
      const server = yield* modelServer(says(...chat.text("Hi")))
      const data = new URL("https://files.example/a")
      yield* partsFrom(server.url, "chat", [
        {
          role: "user",
          content: [
            { type: "file", mediaType: "image/png", data },
            { type: "file", mediaType: "application/pdf", fileName: "a.pdf", data }
          ]
        }
      ])
      assert.deepStrictEqual(server.calls[0]?.body["messages"], [
        {
          role: "user",
          content: [
            { type: "image_url", image_url: { url: "https://files.example/a" } },
            { type: "text", text: "a.pdf: https://files.example/a" }
          ]
        }
      ])
    }).pipe(Effect.scoped)
  )

  it.live("give reasoning under both of its names, and a refusal as text", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        yield* gistOf(
          chat.delta({ reasoning_content: "Hm" }),
          chat.delta({ reasoning: "m" }),
          chat.delta({ content: "No" }),
          chat.delta({ refusal: "I may not" }),
          chat.finish("stop")
        ),
        [
          "reasoning-delta Hm",
          "reasoning-delta m",
          "text-delta No text-1",
          "text-delta I may not text-1",
          "finish stop undefined+undefined"
        ]
      )
    })
  )

  it.live("ignore comments, empty deltas, nulls, and the lack of [DONE]", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        yield* gistOf(
          chat.delta({ role: "assistant", content: null, tool_calls: null }),
          chat.delta({ content: "" }),
          chat.delta({ content: [{ type: "text", text: "In a list" }] }),
          { choices: [] },
          { ...chat.finish("length"), error: null }
        ),
        ["text-delta In a list text-0", "finish length undefined+undefined"]
      )
    })
  )

  it.live("send the prompt, the tools and the key as the wire wants them", () =>
    Effect.gen(function* () {
      const server = yield* modelServer(says(...chat.text("Hi")))
      const prompt: Prompt.RawInput = [
        { role: "system", content: "Be brief" },
        { role: "user", content: "Look" },
        {
          role: "user",
          content: [
            { type: "text", text: "at these" },
            { type: "file", mediaType: "image/png", data: new Uint8Array([1, 2, 3]) },
            { type: "file", mediaType: "application/pdf", fileName: "a.pdf", data: "AQID" }
          ]
        },
        {
          role: "assistant",
          content: [
            { type: "reasoning", text: "not sent back" },
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
            { type: "tool-result", id: "c1", name: "clock", isFailure: false, result: { hour: 9 } }
          ]
        }
      ]
      yield* partsFrom(server.url, "chat", prompt)
      const [call] = server.calls
      assert.strictEqual(call?.path, "/v1/chat/completions")
      assert.strictEqual(call?.headers.authorization, `Bearer ${key}`)
      assert.notProperty(call?.headers, "traceparent")
      assert.deepStrictEqual(call?.body, {
        model: "the-model",
        messages: [
          { role: "system", content: "Be brief" },
          { role: "user", content: "Look" },
          {
            role: "user",
            content: [
              { type: "text", text: "at these" },
              { type: "image_url", image_url: { url: "data:image/png;base64,AQID" } },
              {
                type: "file",
                file: { filename: "a.pdf", file_data: "data:application/pdf;base64,AQID" }
              }
            ]
          },
          {
            role: "assistant",
            content: "I see",
            tool_calls: [
              {
                id: "c1",
                type: "function",
                function: { name: "clock", arguments: `{"city":"Oslo"}` }
              }
            ]
          },
          { role: "tool", tool_call_id: "c1", content: `{"hour":9}` }
        ],
        stream: true,
        stream_options: { include_usage: true },
        tools: [
          {
            type: "function",
            function: {
              name: "clock",
              description: "The time in a city",
              parameters: {
                type: "object",
                properties: { city: { type: "string" } },
                required: ["city"],
                additionalProperties: false
              }
            }
          }
        ],
        tool_choice: "auto"
      })
    }).pipe(Effect.scoped)
  )
})
