import { Schema } from "effect"
import { ThreadMetadata } from "../protocol/Threads.ts"

/** Another turn holds the thread. */
export class TurnTaken extends Schema.TaggedError<TurnTaken>()("TurnTaken", {}) {}

/** The thread is locked or closed: it takes no more turns. */
export class ThreadNotActive extends Schema.TaggedError<ThreadNotActive>()("ThreadNotActive", {
  thread: ThreadMetadata
}) {}

/** The user has as many streams open as one user may have. */
export class TooManyStreams extends Schema.TaggedError<TooManyStreams>()("TooManyStreams", {}) {}
