import { Result, Schema } from "effect"
import { fieldOf, problemOf } from "../core/SchemaProblem.ts"
import { brokenOff, type ErrorEvent } from "../protocol/Events.ts"

/** A responder fails with this error to show `message` to the person. */
export class CustomStreamError extends Schema.TaggedError<CustomStreamError>()(
  "CustomStreamError",
  { message: Schema.String, allow_retry: Schema.Boolean }
) {}

/** A responder fails with this error to show the text that ChatKit's client has for its code. */
export class StreamError extends Schema.TaggedError<StreamError>()("StreamError", {
  code: Schema.Literal("stream.error"),
  allow_retry: Schema.Boolean
}) {}

/** An event of the responder violates the protocol; `message` names the field, never its value. */
export class InvalidAnswer extends Schema.TaggedError<InvalidAnswer>()("InvalidAnswer", {
  message: Schema.String
}) {}

/** Decodes an event or item of a responder and fills in its defaults. */
export const decoderOf = <A, I>(schema: Schema.Codec<A, I>) => {
  const decode = Schema.decodeResult(schema)
  return (input: I & { readonly type: string }): Result.Result<A, InvalidAnswer> =>
    Result.mapError(decode(input), ({ issue }) => {
      const found = problemOf(issue)
      return new InvalidAnswer({ message: `${input.type}: ${fieldOf(found)} ${found.problem}` })
    })
}

/** The error event for a failure. It tells only what the responder meant for the person. */
export const errorEventOf = (failure: unknown): ErrorEvent => {
  if (failure instanceof CustomStreamError) {
    const { allow_retry, message } = failure
    return { type: "error", code: "custom", message, allow_retry }
  }
  if (failure instanceof StreamError) {
    const { allow_retry, code } = failure
    return { type: "error", code, allow_retry }
  }
  return brokenOff
}
