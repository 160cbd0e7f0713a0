import { Duration } from "effect"
import { AiError } from "effect/ai"
import type { Headers, HttpClientError } from "effect/http"
import { field, numberOf, textOf } from "./Fields.ts"

/** No prompt, answer or key is in it, nor what the server says about them. */
export const wireError = (reason: AiError.AiErrorReason): AiError.AiError =>
  AiError.make({ module: "effect-chatkit", method: "streamText", reason })

const trouble = (description: string) =>
  wireError(new AiError.InternalProviderError({ description }))

/** OpenAI refuses this to organizations that it has not verified. */
const summaryOption = "reasoning.summary"

/** Whether the request would be taken without summaries of the reasoning. */
export const refusesSummaries = ({ reason }: AiError.AiError): boolean =>
  reason._tag === "InvalidRequestError" && reason.parameter === summaryOption

/** Retryable: nothing, or nothing more, came from the server. */
export const silent = trouble("the model's server fell silent")
export const cutShort = trouble("the model's answer broke off")

export const unreachable = ({ reason }: HttpClientError.HttpClientError): AiError.AiError =>
  trouble(`the model's server is out of reach (${reason._tag})`)

/** The server's answer is not what its wire promises. */
export const notUnderstood = wireError(
  new AiError.InvalidOutputError({ description: "the model's server sent what is not its wire" })
)

/** The reason for a refusal, by its status and the code in its body. */
export const reasonOfStatus = (
  status: number,
  headers: Headers.Headers,
  body: string
): AiError.AiErrorReason => {
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch {
    json = undefined
  }
  const reason = reasonOfCode(field(json, "error") ?? json) ?? reasonOfNumber(status)
  const retryAfter = retryAfterOf(headers["retry-after"])
  const isBusy = reason._tag === "RateLimitError" || reason._tag === "InternalProviderError"
  return isBusy && retryAfter !== undefined ? new AiError.RateLimitError({ retryAfter }) : reason
}

/** The reason for a status; some servers give one as the code of an error inside a stream. */
const reasonOfNumber = (status: number): AiError.AiErrorReason => {
  const description = `the model's server answered ${status}`
  switch (status) {
    case 402:
      return new AiError.QuotaExhaustedError({})
    case 408:
      return new AiError.InternalProviderError({ description })
    case 413:
      return new AiError.InvalidRequestError({ constraint: "context_length", description })
    case 422:
      return new AiError.InvalidRequestError({ description })
    default:
      return AiError.reasonFromHttpStatus({ status, description })
  }
}

/** The reason that an error object names by its `code` or `type`, if it is one of the known ones. */
export const reasonOfCode = (error: unknown): AiError.AiErrorReason | undefined => {
  const names = [textOf(error, "code"), textOf(error, "type")]
  const isOne = (...codes: ReadonlyArray<string>) => codes.some((code) => names.includes(code))
  const status = numberOf(error, "code")
  if (status !== undefined && status >= 400) return reasonOfNumber(status)
  if (isOne("insufficient_quota", "billing_hard_limit_reached", "billing_not_active")) {
    return new AiError.QuotaExhaustedError({})
  }
  if (isOne("content_filter", "content_policy_violation", "moderation_blocked")) {
    return new AiError.ContentPolicyError({ description: "the provider's policy" })
  }
  if (isOne("context_length_exceeded", "string_above_max_length")) {
    return new AiError.InvalidRequestError({ constraint: "context_length" })
  }
  if (isOne("rate_limit_exceeded", "rate_limit_error", "slow_down")) {
    return new AiError.RateLimitError({})
  }
  if (isOne("invalid_api_key", "authentication_error", "permission_error")) {
    return new AiError.AuthenticationError({ kind: "InvalidKey" })
  }
  if (isOne("server_error", "overloaded_error", "api_error", "vector_store_timeout")) {
    return new AiError.InternalProviderError({ description: "the model's server failed" })
  }
  if (isOne("model_not_found")) {
    return new AiError.UnknownError({ description: "the model's server does not know the model" })
  }
  return isOne("invalid_request_error", "invalid_prompt", "unsupported_value")
    ? new AiError.InvalidRequestError(
        textOf(error, "param") === summaryOption ? { parameter: summaryOption } : {}
      )
    : undefined
}

/** The error for an error object inside a stream. */
export const errorInStream = (error: unknown): AiError.AiError =>
  wireError(
    reasonOfCode(error) ??
      new AiError.InternalProviderError({ description: "the model's server reported an error" })
  )

/** Seconds, or a date (RFC 9110 §10.2.3). */
const retryAfterOf = (header: string | undefined): Duration.Duration | undefined => {
  if (header === undefined) return undefined
  const seconds = /^\d+(\.\d+)?$/.test(header.trim())
    ? Number(header)
    : (Date.parse(header) - Date.now()) / 1000
  return Number.isFinite(seconds) ? Duration.seconds(Math.max(0, seconds)) : undefined
}
