import { Effect, Layer } from "effect"
import type { LanguageModel } from "effect/ai"
import { FetchHttpClient, type HttpClient } from "effect/http"
import type { SqlClient } from "effect/sql"
import { Ids } from "./core/Ids.ts"
import { type BadResponder, load } from "./responder/Load.ts"
import { mcpTools } from "./responder/model/mcp/McpTools.ts"
import { ModelChoice } from "./responder/model/ModelChoice.ts"
import { ModelLimits } from "./responder/model/ModelLimits.ts"
import * as ModelResponder from "./responder/model/ModelResponder.ts"
import type { ModelUsage } from "./responder/model/usage/ModelUsage.ts"
import type { Transcriber } from "./responder/model/Transcriber.ts"
import * as ChatCompletions from "./responder/model/wires/ChatCompletions.ts"
import * as Responses from "./responder/model/wires/Responses.ts"
import * as Transcription from "./responder/model/wires/Transcription.ts"
import { Playground } from "./responder/playground/Playground.ts"
import { PlaygroundWithTitles } from "./responder/playground/Titles.ts"
import type { Responder } from "./responder/Responder.ts"
import type { SettingsShape } from "./settings/Settings.ts"

/** The models of OpenAI that do the small work, where nothing else is set. */
const openAi = { title: "gpt-5-nano", transcription: "gpt-4o-transcribe" }

const isOpenAi = ({ modelUrl }: SettingsShape) => URL.parse(modelUrl)?.hostname === "api.openai.com"

const titleModel = (settings: SettingsShape): string | undefined => {
  const named = settings.titleModel ?? (isOpenAi(settings) ? openAi.title : settings.model)
  return named?.toLowerCase() === "off" ? undefined : named
}

/** The model that the settings name, with its limits, as a responder may ask it. */
export const modelServices = (settings: SettingsShape, model: string) => {
  const { modelApi, modelApiKey: apiKey, modelTools: hostedTools, modelUrl: url } = settings
  const server = { url, apiKey, model }
  const transcription =
    settings.transcriptionModel ?? (isOpenAi(settings) ? openAi.transcription : undefined)
  return Layer.mergeAll(
    modelApi === "chat"
      ? ChatCompletions.layer(server)
      : Responses.layer({ ...server, hostedTools }),
    transcription === undefined
      ? Layer.empty
      : Transcription.layer({ ...server, model: transcription }),
    Layer.succeed(ModelChoice, {
      model,
      others: settings.models,
      hostedTools,
      fallback: settings.fallbackModel,
      title: titleModel(settings)
    }),
    Layer.succeed(ModelLimits, {
      history: settings.modelHistory,
      rounds: settings.modelRounds,
      turnTokens: settings.modelTurnTokens,
      dailyTokens: settings.dailyTokens,
      firstEvent: settings.modelFirstEventSeconds * 1000,
      idle: settings.modelIdleSeconds * 1000,
      turn: settings.modelTurnSeconds * 1000
    })
  ).pipe(Layer.provide(FetchHttpClient.layer))
}

/** The services that a module of one's own may ask for. */
type Offered =
  | SqlClient.SqlClient
  | HttpClient.HttpClient
  | Ids
  | LanguageModel.LanguageModel
  | Transcriber
  | ModelUsage

/** Where the answers come from, by the settings: a module, a model, or the playground. */
export const answers = (
  settings: SettingsShape
): Layer.Layer<Responder, BadResponder, SqlClient.SqlClient | ModelUsage> => {
  const { model, modelInstructions: instructions, responder } = settings
  const services = model === undefined ? Layer.empty : modelServices(settings, model)
  if (responder !== undefined) {
    return load<Offered>(responder).pipe(
      // Without MODEL there is no model: the loader says so to a module that asks for it.
      Layer.provide(services as Layer.Layer<LanguageModel.LanguageModel | Transcriber>),
      Layer.provide([FetchHttpClient.layer, Ids.layer])
    )
  }
  if (model === undefined) return settings.production ? Playground : PlaygroundWithTitles
  // The counter of tokens is optional for the responder, and always there in this server.
  const counted: Layer.Layer<Responder, never, LanguageModel.LanguageModel | ModelUsage> =
    Layer.unwrap(
      Effect.map(mcpTools(settings.mcpServers), (toolkit) =>
        ModelResponder.layer({
          toolkit,
          ...(instructions === undefined ? {} : { instructions })
        })
      )
    ).pipe(Layer.provide(FetchHttpClient.layer))
  return counted.pipe(Layer.provide(services as Layer.Layer<LanguageModel.LanguageModel>))
}
