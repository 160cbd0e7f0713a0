import type { ErrorEvent } from "../protocol/Events.ts"
import type { ErrorRow } from "./ErrorTable.ts"

/** The public sentence for this failure. */
export const sentenceOf = <Failure>({ sentence }: ErrorRow<Failure>, failure: Failure): string =>
  typeof sentence === "string" ? sentence : sentence(failure)

/** The headers that belong to the answer to this failure. */
export const headersOf = <Failure>(
  { headers = {} }: ErrorRow<Failure>,
  failure: Failure
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      typeof value === "string" ? value : value(failure)
    ])
  )

/** The audience of an answer: a caller whose authentication succeeded, or anyone. */
export type Audience = "user" | "anyone"

export interface ErrorBody {
  readonly error: string
  readonly status: number
  readonly message?: string
}

/**
 * The body of an answer. ChatKit's client shows `message`, and the words of the status line
 * without it; it is there once the caller is known, and only then.
 */
export const bodyOf = <Failure>(
  row: ErrorRow<Failure>,
  failure: Failure,
  audience: Audience
): ErrorBody => {
  const error = sentenceOf(row, failure)
  const { status } = row
  return audience === "user" ? { error, status, message: error } : { error, status }
}

/**
 * The other form of a row: the last event of a stream. ChatKit's client shows nothing for most
 * statuses, and lets the person's message disappear; for this event it shows the sentence.
 */
export const errorEventFor = <Failure>(
  row: ErrorRow<Failure>,
  failure: Failure,
  allow_retry: boolean
): ErrorEvent => ({ type: "error", code: "custom", message: sentenceOf(row, failure), allow_retry })
