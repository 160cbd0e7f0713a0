import { Schema } from "effect"

/** PostgreSQL did not answer, or cannot: never the caller's fault. */
export class DbUnavailable extends Schema.TaggedError<DbUnavailable>()("DbUnavailable", {
  operation: Schema.String,
  /** Tells the operator what to do, where the reason is known. */
  advice: Schema.optional(Schema.String)
}) {}

/** The object does not exist, or is another user's, which is the same. */
export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", {
  /** A cursor is the id that a page begins after. */
  object: Schema.Literals(["Thread", "Item", "Attachment", "Cursor"])
}) {}

/**
 * The request fits the thread's state no longer; `reason` says to the person why: another turn
 * runs, the thread is locked or closed, the item is of another kind.
 */
export class Conflict extends Schema.TaggedError<Conflict>()("Conflict", {
  reason: Schema.String
}) {}

/** The user makes more requests of this server than one user may. */
export class TooManyRequests extends Schema.TaggedError<TooManyRequests>()("TooManyRequests", {}) {}

/** The body is no ChatKit request; `problem` names the field that is wrong, never its value. */
export class InvalidRequest extends Schema.TaggedError<InvalidRequest>()("InvalidRequest", {
  problem: Schema.String,
  /** The `type` in the body, where it is a known one. */
  operation: Schema.optional(Schema.String)
}) {}
