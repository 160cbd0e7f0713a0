import { Schema } from "effect"

/** The responder behind this server does not do what was asked, or failed at it. */
export class ResponderFailed extends Schema.TaggedError<ResponderFailed>()("ResponderFailed", {
  reason: Schema.Literals(["unsupported", "failed"])
}) {}
