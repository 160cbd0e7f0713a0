import { Cause, Effect } from "effect"
import { brokenOff, type ErrorEvent } from "../protocol/Events.ts"
import { CustomStreamError, errorEventOf, StreamError } from "../responder/StreamErrors.ts"
import { TooLargeToStore, TurnLost } from "../threads/Errors.ts"
import { mostBytes } from "../threads/ThreadStore.ts"

/** A retry of it would be answered with "Thread not found". */
const deleted: ErrorEvent = {
  type: "error",
  code: "custom",
  message: "This thread was deleted",
  allow_retry: false
}

const tooLarge: ErrorEvent = {
  type: "error",
  code: "custom",
  message: "A part of this answer is too large to be kept: ask for less at a time",
  allow_retry: true
}

/**
 * The error event for a turn that failed. The cause goes to the log, unless the responder chose
 * words for the person. `isThere` tells whether the thread of a turn that lost it still exists.
 */
export const failureEvent = (
  cause: Cause.Cause<unknown>,
  isThere: Effect.Effect<boolean>
): Effect.Effect<ErrorEvent> => {
  const failure = Cause.squash(cause)
  if (failure instanceof TurnLost) {
    return Effect.flatMap(isThere, (isThere) =>
      isThere
        ? Effect.as(Effect.logWarning("turn lost: no sign of life reached the database"), brokenOff)
        : Effect.succeed(deleted)
    )
  }
  if (failure instanceof TooLargeToStore) {
    const { object } = failure
    return Effect.logWarning("turn ended: what it had to store is too large").pipe(
      Effect.annotateLogs({ object, mostBytes }),
      Effect.as(tooLarge)
    )
  }
  const logged =
    failure instanceof CustomStreamError || failure instanceof StreamError
      ? Effect.annotateLogs(Effect.logWarning("turn refused"), { failure: failure._tag })
      : Effect.logError("turn failed", cause)
  return Effect.as(logged, errorEventOf(failure))
}
