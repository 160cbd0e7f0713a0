import { Schema } from "effect"

/** Another turn holds the thread. */
export class TurnTaken extends Schema.TaggedError<TurnTaken>()("TurnTaken", {}) {}

/** The user has as many streams open as one user may have. */
export class TooManyStreams extends Schema.TaggedError<TooManyStreams>()("TooManyStreams", {}) {}
