import { Schema } from "effect"

/** The server runs but cannot do its work yet; says what is missing, in the operator's words. */
export class NotReady extends Schema.TaggedError<NotReady>()("NotReady", {
  missing: Schema.Array(Schema.String)
}) {}
