import { Schema } from "effect"

/** The responder does not support the operation, or failed at it. */
export class ResponderFailed extends Schema.TaggedError<ResponderFailed>()("ResponderFailed", {
  reason: Schema.Literals(["unsupported", "failed"])
}) {}
