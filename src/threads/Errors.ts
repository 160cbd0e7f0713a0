import { Schema } from "effect"

/** The turn holds its thread no longer: it was deleted, or no sign of life reached the database. */
export class TurnLost extends Schema.TaggedError<TurnLost>()("TurnLost", {}) {}
