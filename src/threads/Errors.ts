import { Schema } from "effect"

/** The turn holds its thread no longer: it was deleted, or no sign of life reached the database. */
export class TurnLost extends Schema.TaggedError<TurnLost>()("TurnLost", {}) {}

/**
 * An item, or the fields of a thread, would have more than `mostBytes`: a larger one could be
 * stored, and then a page with it could never be read.
 */
export class TooLargeToStore extends Schema.TaggedError<TooLargeToStore>()("TooLargeToStore", {
  /** The type of the item, or `thread`. */
  object: Schema.String
}) {}
