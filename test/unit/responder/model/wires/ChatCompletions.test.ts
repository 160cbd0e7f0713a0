import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Prompt } from "effect/ai"
import { chat, modelServer, says } from "../../../../support/ModelServer.ts"
import { gist, key, partsFrom, partsOf, told } from "../../../../support/Wires.ts"

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
