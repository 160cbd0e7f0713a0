import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { Tool, Toolkit } from "effect/ai"
import { modelServices } from "../../../../src/Answers.ts"
import { CurrentUser } from "../../../../src/auth/CurrentUser.ts"
import * as ModelResponder from "../../../../src/responder/model/ModelResponder.ts"
import type { SettingsShape } from "../../../../src/settings/Settings.ts"
import { add, create, operation } from "../../../support/ChatKitService.ts"
import { answeringWith, idOf, seen } from "../../../support/ModelAnswers.ts"
import { chat, responses, says } from "../../../support/ModelServer.ts"

const WhoAmI = Tool.make("who_am_i", { success: Schema.String, dependencies: [CurrentUser] })
const Find = Tool.make("find", {
  parameters: Schema.Struct({ seat: Schema.String }),
  success: Schema.Struct({ free: Schema.Boolean })
})
const Blink = Tool.make("blink", { parameters: Schema.Struct({ times: Schema.Int }) })

const Tools = Toolkit.make(WhoAmI, Find)
const Handlers = Tools.toLayer({
  who_am_i: () => Effect.map(CurrentUser, ({ name }) => name.toLowerCase()),
  find: () => Effect.succeed({ free: true })
})

const responder = (settings: SettingsShape) =>
  Layer.unwrap(
    Effect.map(Tools, (toolkit) => ModelResponder.layer({ toolkit, clientTools: [Blink] }))
  ).pipe(Layer.provide(Handlers), Layer.provide(modelServices(settings, "the-model")))

type Call = readonly [id: string, name: string, args: unknown]

/** The ways in which a wire says that tools are called, and sends calls and their results. */
interface Wire {
  readonly says: (...calls: ReadonlyArray<Call>) => ReadonlyArray<unknown>
  readonly text: (text: string) => ReadonlyArray<unknown>
  readonly sent: (body: Readonly<Record<string, unknown>> | undefined) => ReadonlyArray<string>
}

type Sent = Readonly<Record<string, unknown>>

const wires: Readonly<Record<string, Wire>> = {
  chat: {
    says: (...calls) => [
      ...calls.map(([id, name, args], index) =>
        chat.delta({
          tool_calls: [{ index, id, function: { name, arguments: JSON.stringify(args) } }]
        })
      ),
      chat.finish("tool_calls"),
      "[DONE]"
    ],
    text: chat.text,
    sent: (body) =>
      (body!["messages"] as ReadonlyArray<Sent>).flatMap((message) => {
        const calls = (message["tool_calls"] ?? []) as ReadonlyArray<{
          readonly id: string
          readonly function: { readonly name: string; readonly arguments: string }
        }>
        return message["role"] === "tool"
          ? [`${message["tool_call_id"]} gave ${message["content"]}`]
          : calls.map(({ function: { arguments: args, name }, id }) => `${id}: ${name} ${args}`)
      })
  },
  responses: {
    says: (...calls) => [
      ...calls.flatMap(([id, name, args]) => responses.call(id, name, args).slice(0, 1)),
      responses.completed()
    ],
    text: responses.text,
    sent: (body) =>
      (body!["input"] as ReadonlyArray<Sent>).flatMap((item) => {
        if (item["type"] === "function_call_output") {
          return [`${item["call_id"]} gave ${item["output"]}`]
        }
        return item["type"] === "function_call"
          ? [`${item["call_id"]}: ${item["name"]} ${item["arguments"]}`]
          : []
      })
  }
}

for (const [name, wire] of Object.entries(wires)) {
  const begin = () =>
    Effect.gen(function* () {
      const { calls, items, send } = yield* answeringWith(
        { MODEL_API: name },
        responder,
        says(...wire.says(["a", "who_am_i", {}])),
        says(
          ...wire.says(
            ["b", "find", { seat: "12A" }],
            ["c", "blink", { times: 2 }],
            ["d", "blink", { times: 3 }],
            ["e", "find", {}]
          )
        ),
        says(...wire.text("Done"))
      )
      const events = yield* send(create("Blink"))
      return { calls, events, items, send, thread_id: idOf(events) }
    })

  const sentBefore = (body: Sent | undefined) => {
    const lines = wire.sent(body)
    assert.deepStrictEqual(lines.slice(0, 4), [
      "a: who_am_i {}",
      "a gave ada",
      `b: find {"seat":"12A"}`,
      `b gave {"free":true}`
    ])
    assert.deepStrictEqual(lines.slice(4, 7), [
      `d: blink {"times":3}`,
      "d gave The page runs one tool at a time. Call this one again.",
      "e: find {}"
    ])
    assert.match(lines[7]!, /^e gave .*seat/s)
    return lines.slice(8)
  }

  describe(`a tool of the page beside tools of the server, by the wire ${name}`, () => {
    it.live("leaves all calls of the answer and their results to the next turn", () =>
      Effect.gen(function* () {
        const { calls, events, items, send, thread_id } = yield* begin()
        assert.deepStrictEqual(seen(events), [
          `item.done client_tool_call pending blink {"times":2}`
        ])
        const visible = (yield* items(thread_id)).map(({ type }) => type)
        assert.deepStrictEqual(visible, ["user_message", "client_tool_call"])
        const result = { blinked: 2 }
        yield* send(operation("threads.add_client_tool_output", { thread_id, result }))
        assert.deepStrictEqual(sentBefore(calls[2]?.body), [
          `c: blink {"times":2}`,
          `c gave {"blinked":2}`
        ])
        // The output did not begin a history of its own: later turns read the same.
        yield* send(add(thread_id, "And?"))
        assert.lengthOf(sentBefore(calls[3]?.body), 2)
      }).pipe(Effect.scoped)
    )

    it.live("leaves them also when the page never answers", () =>
      Effect.gen(function* () {
        const { calls, send, thread_id } = yield* begin()
        yield* send(add(thread_id, "Never mind"))
        assert.deepStrictEqual(sentBefore(calls[2]?.body), [])
      }).pipe(Effect.scoped)
    )
  })
}
