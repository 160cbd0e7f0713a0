import { Effect, Layer, Stream } from "effect"
import { LanguageModel } from "effect/ai"
import { HttpClient } from "effect/http"
import { ModelRequest } from "../ModelRequest.ts"
import { decoded } from "./Decoding.ts"
import { modelEvents, type ModelServer } from "./ModelHttp.ts"
import { responsesInput } from "./ResponsesPrompt.ts"
import { reasons } from "./Reasoning.ts"
import { isLast, responsesParts } from "./ResponsesParts.ts"
import { choiceOf, functionOf } from "./ToolSchema.ts"
import { refusesSummaries } from "./WireErrors.ts"
import { wholeText } from "./WholeText.ts"

export type HostedTool = "web_search" | "image_generation" | "code_interpreter"

/** Pictures shown before the final one. */
const partialImages = 2

const hosted: Readonly<Record<HostedTool, object>> = {
  web_search: { type: "web_search" },
  image_generation: { type: "image_generation", partial_images: partialImages },
  code_interpreter: { type: "code_interpreter", container: { type: "auto" } }
}

/** OpenAI's Responses API. Nothing is stored there: the thread is sent with each request. */
export const layer = (
  options: ModelServer & { readonly model: string; readonly hostedTools: ReadonlyArray<HostedTool> }
) =>
  Layer.effect(
    LanguageModel.LanguageModel,
    Effect.gen(function* () {
      const client = yield* HttpClient.HttpClient
      let mayAskForSummaries = true
      const streamText = ({ prompt, toolChoice, tools }: LanguageModel.ProviderOptions) =>
        Stream.unwrap(
          Effect.map(ModelRequest, ({ hostedTool, maxOutputTokens, temperature, ...request }) => {
            const model = request.model ?? options.model
            const all = [
              // The wire's own default is strict, which most schemas of tools do not fit.
              ...tools.map((tool) => ({ type: "function", ...functionOf(tool), strict: false })),
              ...options.hostedTools.map((tool) => hosted[tool])
            ]
            const body = {
              model,
              input: responsesInput(prompt),
              stream: true,
              store: false,
              ...(temperature === undefined || reasons(model) ? {} : { temperature }),
              ...(maxOutputTokens === undefined ? {} : { max_output_tokens: maxOutputTokens }),
              ...(all.length === 0
                ? {}
                : {
                    tools: all,
                    tool_choice:
                      hostedTool !== undefined
                        ? { type: hostedTool }
                        : // Without functions the library says "none", which would forbid all tools.
                          tools.length === 0
                          ? "auto"
                          : choiceOf(toolChoice, (name) => ({ type: "function", name }))
                  })
            }
            const ask = (body: object) =>
              decoded(modelEvents(client, options, { path: "/responses", body, isLast }), () =>
                responsesParts({ partialImages })
              )
            if (!reasons(model) || !mayAskForSummaries) return ask(body)
            return Stream.catchIf(
              ask({ ...body, reasoning: { summary: "auto" } }),
              refusesSummaries,
              () => {
                mayAskForSummaries = false
                return ask(body)
              }
            )
          })
        )
      return yield* LanguageModel.make({ streamText, generateText: wholeText(streamText) })
    })
  )
