import { Effect, Stream } from "effect"
import type { AiError, LanguageModel, Response } from "effect/ai"

/** Answers at once with what a stream would say, for titles and the like. */
export const wholeText =
  (
    streamText: (
      options: LanguageModel.ProviderOptions
    ) => Stream.Stream<Response.StreamPartEncoded, AiError.AiError>
  ) =>
  (
    options: LanguageModel.ProviderOptions
  ): Effect.Effect<Array<Response.PartEncoded>, AiError.AiError> =>
    Effect.map(Stream.runCollect(streamText(options)), (parts) => {
      const text = parts
        .flatMap((part) => (part.type === "text-delta" ? [part.delta] : []))
        .join("")
      const rest = parts.filter((part) => part.type === "tool-call" || part.type === "finish")
      return [{ type: "text", text }, ...rest]
    })
