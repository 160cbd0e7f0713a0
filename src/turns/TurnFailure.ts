import { Cause, Effect } from "effect"
import { brokenOff, type ErrorEvent } from "../protocol/Events.ts"
import { CustomStreamError, errorEventOf, StreamError } from "../responder/StreamErrors.ts"
import { TurnLost } from "../threads/Errors.ts"

/** A retry of it would be answered with "Thread not found". */
const deleted: ErrorEvent = {
  type: "error",
  code: "custom",
  message: "This thread was deleted",
  allow_retry: false
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
  const logged =
    failure instanceof CustomStreamError || failure instanceof StreamError
      ? Effect.annotateLogs(Effect.logWarning("turn refused"), { failure: failure._tag })
      : Effect.logError("turn failed", cause)
  return Effect.as(logged, errorEventOf(failure))
}
