import { Effect, Layer, Stream } from "effect"
import { LanguageModel } from "effect/ai"
import { HttpClient } from "effect/http"
import { ModelRequest } from "../ModelRequest.ts"
import { chatMessages } from "./ChatPrompt.ts"
import { chatParts } from "./ChatParts.ts"
import { modelEvents, type ModelServer } from "./ModelHttp.ts"
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
          Effect.map(ModelRequest, ({ maxOutputTokens, model, temperature }) => {
            const body = {
              model: model ?? options.model,
              messages: chatMessages(prompt),
              stream: true,
              stream_options: { include_usage: true },
              ...(temperature === undefined ? {} : { temperature }),
              ...(maxOutputTokens === undefined ? {} : { max_tokens: maxOutputTokens }),
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
            return decoded(modelEvents(client, options, "/chat/completions", body), chatParts)
          })
        )
      return yield* LanguageModel.make({ streamText, generateText: wholeText(streamText) })
    })
  )
