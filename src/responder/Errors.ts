import { Schema } from "effect"

/** The responder does not support the operation, or failed at it. */
export class ResponderFailed extends Schema.TaggedError<ResponderFailed>()("ResponderFailed", {
  reason: Schema.Literals(["unsupported", "failed"])
}) {}

/**
 * A file that a responder wants to keep is larger than `ATTACHMENT_LIMIT`, is empty, or is not of
 * the type it claims; or too many files of the user wait to be used.
 */
export class FileRefused extends Schema.TaggedError<FileRefused>()("FileRefused", {
  reason: Schema.Literals(["too_large", "empty", "wrong_type", "too_many"])
}) {}
