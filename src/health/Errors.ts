import { Schema } from "effect"

/** The server runs but cannot do its work; `missing` has a sentence for each reason. */
export class NotReady extends Schema.TaggedError<NotReady>()("NotReady", {
  missing: Schema.Array(Schema.String)
}) {}
