import { Cause, Effect } from "effect"
import type { ThreadStreamEvent } from "../protocol/Events.ts"
import { CustomStreamError, errorEventOf, StreamError } from "../responder/StreamErrors.ts"
import type { TurnRecorder } from "./TurnRecorder.ts"

/** Logs the cause of a failure, unless the responder chose words for the person. */
const logFailure = (cause: Cause.Cause<unknown>) => {
  const failure = Cause.squash(cause)
  return failure instanceof CustomStreamError || failure instanceof StreamError
    ? Effect.annotateLogs(Effect.logWarning("turn refused"), { failure: failure._tag })
    : Effect.logError("turn failed", cause)
}

/** The error event, then the changes of the thread so far. */
export const failureEvents = (
  recorder: TurnRecorder,
  cause: Cause.Cause<unknown>
): Effect.Effect<ReadonlyArray<ThreadStreamEvent>> =>
  logFailure(cause).pipe(
    Effect.andThen(
      Effect.catchCause(recorder.flush("failed"), (cause) =>
        Effect.as(Effect.logError("failed turn not settled", cause), [])
      )
    ),
    Effect.map((events) => [errorEventOf(Cause.squash(cause)), ...events])
  )
