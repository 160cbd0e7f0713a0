import { Schema } from "effect"

/** The platform refused the request before a handler ran. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", {
  status: Schema.Literals([413, 415, 500])
}) {}
