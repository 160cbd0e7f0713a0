import { Effect, Layer, Redacted, Schema, Stream } from "effect"
import { LanguageModel, Prompt, Tool, Toolkit } from "effect/ai"
import { FetchHttpClient } from "effect/http"
import * as ChatCompletions from "../../src/responder/model/wires/ChatCompletions.ts"
import * as Responses from "../../src/responder/model/wires/Responses.ts"
import { modelServer, type Script } from "./ModelServer.ts"

export const key = "sk-not-for-the-log"

/** Both wires to a server at this address. */
export const wires = {
  chat: (url: string) =>
    ChatCompletions.layer({ url, apiKey: Redacted.make(key), model: "the-model" }),
  responses: (url: string) =>
    Responses.layer({ url, apiKey: Redacted.make(key), model: "the-model", hostedTools: [] })
}
export type Wire = keyof typeof wires

export const clock = Tool.make("clock", {
  description: "The time in a city",
  parameters: Schema.Struct({ city: Schema.String }),
  success: Schema.String
})
export const tools = Toolkit.make(clock)

/** The parts that the model's answer consists of, with no tool run. */
export const partsFrom = (url: string, wire: Wire, prompt: Prompt.RawInput = "Hi") =>
  LanguageModel.streamText({ prompt, toolkit: tools, disableToolCallResolution: true }).pipe(
    Stream.runCollect,
    Effect.provide(wires[wire](url).pipe(Layer.provide(FetchHttpClient.layer)))
  )

export const partsOf = Effect.fnUntraced(function* (wire: Wire, ...scripts: ReadonlyArray<Script>) {
  const server = yield* modelServer(...scripts)
  return yield* partsFrom(server.url, wire)
}, Effect.scoped)

type Part = { readonly type: string }

/** A line for each part: its type and what matters of it. */
export const told = (parts: ReadonlyArray<Part>): ReadonlyArray<string> =>
  parts.map((part) => {
    const { delta, id, name, params, reason, usage } = part as Part & Record<string, unknown>
    const about = { delta, name, params, reason, ...(part.type.startsWith("text") ? { id } : {}) }
    const total = (key: string) => (usage as Record<string, { total?: number }>)?.[key]?.total
    const used = usage === undefined ? [] : [`${total("inputTokens")}+${total("outputTokens")}`]
    const values = Object.values(about).filter((value) => value !== undefined)
    return [
      part.type,
      ...values.map((value) => (typeof value === "string" ? value : JSON.stringify(value))),
      ...used
    ].join(" ")
  })

/** The texts of an answer, and its calls. */
export const gist = (parts: ReadonlyArray<Part>) =>
  told(parts).filter((line) => /^(text-delta|reasoning-delta|tool-call|finish)/.test(line))
