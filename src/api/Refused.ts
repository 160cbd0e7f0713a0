import { Schema } from "effect"

/** The platform refused the request before a handler ran. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", {
  status: Schema.Literals([415, 500])
}) {}

/** The body has more bytes than are read; the log names the setting. */
export class BodyTooLarge extends Schema.TaggedError<BodyTooLarge>()("BodyTooLarge", {
  /** The kind of thing that the person sent: dictations have a limit of their own. */
  sent: Schema.Literals(["message", "recording"]),
  /** The limit in words, as `1 MiB`. */
  atMost: Schema.String
}) {}

/** The body is compressed; `encoding` names how, or says "unknown" where that is no usual word. */
export class ContentEncodingRefused extends Schema.TaggedError<ContentEncodingRefused>()(
  "ContentEncodingRefused",
  { encoding: Schema.String }
) {}
