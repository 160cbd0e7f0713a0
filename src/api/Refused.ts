import { Schema } from "effect"

/** The platform refused the request before a handler ran. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", {
  status: Schema.Literals([413, 415, 500])
}) {}

/** The body is compressed; `encoding` names how, or says "unknown" where that is no usual word. */
export class ContentEncodingRefused extends Schema.TaggedError<ContentEncodingRefused>()(
  "ContentEncodingRefused",
  { encoding: Schema.String }
) {}
