import { Effect, Layer, Stream } from "effect"
import { LanguageModel } from "effect/ai"
import { HttpClient } from "effect/http"
import { ModelRequest } from "../ModelRequest.ts"
import { chatMessages } from "./ChatPrompt.ts"
import { chatParts, isLast } from "./ChatParts.ts"
import { modelEvents, type ModelServer } from "./ModelHttp.ts"
import { reasons } from "./Reasoning.ts"
import { choiceOf, functionOf } from "./ToolSchema.ts"
import { wholeText } from "./WholeText.ts"
import { decoded } from "./Decoding.ts"

/**
 * Chat completions: the wire of Ollama, vLLM, LM Studio, OpenRouter and most others. It has no
 * citations, no generated pictures and no tools that run at the provider.
 */
export const layer = (options: ModelServer & { readonly model: string }) =>
  Layer.effect(
    LanguageModel.LanguageModel,
    Effect.gen(function* () {
      const client = yield* HttpClient.HttpClient
      const streamText = ({ prompt, toolChoice, tools }: LanguageModel.ProviderOptions) =>
        Stream.unwrap(
          Effect.map(ModelRequest, ({ maxOutputTokens, temperature, ...request }) => {
            const model = request.model ?? options.model
            const limit = reasons(model) ? "max_completion_tokens" : "max_tokens"
            const body = {
              model,
              messages: chatMessages(prompt),
              stream: true,
              stream_options: { include_usage: true },
              ...(temperature === undefined || reasons(model) ? {} : { temperature }),
              ...(maxOutputTokens === undefined ? {} : { [limit]: maxOutputTokens }),
              ...(tools.length === 0
                ? {}
                : {
                    tools: tools.map((tool) => ({ type: "function", function: functionOf(tool) })),
                    tool_choice: choiceOf(toolChoice, (name) => ({
                      type: "function",
                      function: { name }
                    }))
                  })
            }
            return decoded(
              modelEvents(client, options, { path: "/chat/completions", body, isLast }),
              chatParts
            )
          })
        )
      return yield* LanguageModel.make({ streamText, generateText: wholeText(streamText) })
    })
  )
