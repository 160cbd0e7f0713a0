import { Schema } from "effect"

/** The responder does not support the operation, or failed at it. */
export class ResponderFailed extends Schema.TaggedError<ResponderFailed>()("ResponderFailed", {
  reason: Schema.Literals(["unsupported", "failed"])
}) {}

/**
 * A file that a responder wants to keep is larger than `ATTACHMENT_LIMIT`, is empty, is not of the
 * type it claims, or has a name of more than 255 characters; or too many files of the user wait to
 * be used; or with it they would have more than `ATTACHMENT_BYTES_PER_USER`.
 */
export class FileRefused extends Schema.TaggedError<FileRefused>()("FileRefused", {
  reason: Schema.Literals(["too_large", "empty", "wrong_type", "long_name", "too_many", "no_room"])
}) {}
