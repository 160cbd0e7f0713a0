import { Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import { ModelChoice } from "./responder/model/ModelChoice.ts"
import { ModelLimits } from "./responder/model/ModelLimits.ts"
import * as ModelResponder from "./responder/model/ModelResponder.ts"
import * as ChatCompletions from "./responder/model/wires/ChatCompletions.ts"
import * as Responses from "./responder/model/wires/Responses.ts"
import * as Transcription from "./responder/model/wires/Transcription.ts"
import { Playground } from "./responder/playground/Playground.ts"
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

/** Where the answers come from, by the settings: a model, or the playground. */
export const answers = (settings: SettingsShape) => {
  const { model, modelInstructions: instructions } = settings
  if (model === undefined) return Playground
  return ModelResponder.layer(instructions === undefined ? {} : { instructions }).pipe(
    Layer.provide(modelServices(settings, model))
  )
}
