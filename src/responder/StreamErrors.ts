import { Result, Schema } from "effect"
import { fieldOf, problemOf } from "../core/SchemaProblem.ts"
import { brokenOff, type ErrorEvent } from "../protocol/Events.ts"

/** A responder fails with this to tell the person why, in `message`. */
export class CustomStreamError extends Schema.TaggedError<CustomStreamError>()(
  "CustomStreamError",
  { message: Schema.String, allow_retry: Schema.Boolean }
) {}

/** A responder fails with this where ChatKit's client has words of its own. */
export class StreamError extends Schema.TaggedError<StreamError>()("StreamError", {
  code: Schema.Literal("stream.error"),
  allow_retry: Schema.Boolean
}) {}

/** What a responder says does not fit the protocol; `message` says where, never with what. */
export class InvalidAnswer extends Schema.TaggedError<InvalidAnswer>()("InvalidAnswer", {
  message: Schema.String
}) {}

/** Decodes what a responder says, with its defaults filled in. */
export const decoderOf = <A, I>(schema: Schema.Codec<A, I>) => {
  const decode = Schema.decodeResult(schema)
  return (input: I & { readonly type: string }): Result.Result<A, InvalidAnswer> =>
    Result.mapError(decode(input), ({ issue }) => {
      const found = problemOf(issue)
      return new InvalidAnswer({ message: `${input.type}: ${fieldOf(found)} ${found.problem}` })
    })
}

/** What the client learns of a failure: what the responder wanted it to, and nothing else. */
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
