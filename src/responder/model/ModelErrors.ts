import { Effect } from "effect"
import { AiError } from "effect/ai"
import { CustomStreamError } from "../StreamErrors.ts"

const says = (message: string, allow_retry: boolean) =>
  new CustomStreamError({ message, allow_retry })

/** The sentence for the person when the model fails. It says nothing of keys, prompts or servers. */
const sentenceOf = ({ reason }: AiError.AiError): CustomStreamError => {
  switch (reason._tag) {
    case "RateLimitError":
      return says("The model is very busy right now. Please try again in a moment.", true)
    case "QuotaExhaustedError":
      return says("The model cannot answer any more for now. Please come back later.", false)
    case "ContentPolicyError":
      return notAllowed
    // A wrong key, address or name of the model: only whoever runs the server can mend it.
    case "AuthenticationError":
    case "UnknownError":
      return says("This chat is not available right now. Please come back later.", false)
    case "InvalidRequestError":
      return reason.constraint === "context_length"
        ? says(
            "This conversation has become too long for the model. Please start a new one.",
            false
          )
        : says("The model cannot answer this message. Please ask in another way.", false)
    case "InternalProviderError":
    case "NetworkError":
      return says("The model stopped answering. Please try again.", true)
    default:
      return says("The model's answer could not be understood. Please try again.", true)
  }
}

/** Logs the kind of the error only: what a provider says may repeat the prompt or the key. */
export const logFailure = (error: AiError.AiError, model: string) => {
  const { module, reason } = error
  return Effect.annotateLogs(Effect.logWarning("model failed"), {
    model,
    reason: reason._tag,
    ...(module === "effect-chatkit" && "description" in reason
      ? { description: reason.description }
      : {})
  })
}

/** An error of the model in words for the person; any other error stays as it is. */
export const inWords = <E>(error: E, model: string): Effect.Effect<never, E | CustomStreamError> =>
  AiError.isAiError(error)
    ? Effect.andThen(logFailure(error, model), Effect.fail(sentenceOf(error)))
    : Effect.fail(error)

export const usedUp = says(
  "You have asked as much as you can today. Please come back tomorrow.",
  false
)
export const notKnown = says(
  "This chat is not available right now. Please try again in a moment.",
  true
)
export const tooManyRounds = says(
  "This took more steps than one answer may take. Please ask for less at once.",
  false
)
export const tooManyTokens = says(
  "This answer became longer than it may be. Please ask for less at once.",
  false
)
export const tooSlow = says("The answer took too long. Please try again.", true)
export const unknownModel = says("This model cannot be chosen here. Please choose another.", false)
export const unknownTool = says("This tool cannot be chosen here. Please choose another.", false)
export const noAnswer = says("The model gave no answer. Please try again.", true)
export const notAllowed = says("The model may not answer this. Please ask in another way.", false)
