import { Cause, Effect } from "effect"
import type { HttpServerError } from "effect/http"
import { errorEventFor } from "../api/ErrorBody.ts"
import { errorTable } from "../api/ErrorTable.ts"
import type { Refusal } from "../chatkit/ChatKit.ts"
import type { ErrorEvent, ThreadStreamEvent } from "../protocol/Events.ts"
import { toThread } from "../protocol/Threads.ts"
import type { BodyRefusal } from "./body/ChatKitBody.ts"
import { logDefect, refusedRows } from "./Refusals.ts"

type Failure = Refusal | BodyRefusal

/**
 * Whether the client names event streams among what it accepts, as ChatKit's does for exactly the
 * operations that stream. A wildcard does not count: a terminal reads a status better.
 */
export const asksForStream = (accept: string | undefined): boolean =>
  accept !== undefined &&
  accept.split(",").some((range) => {
    const [type, ...parameters] = range.toLowerCase().split(";")
    return (
      type?.trim() === "text/event-stream" &&
      !parameters.some((parameter) => /^\s*q=0(\.0*)?\s*$/.test(parameter))
    )
  })

/** The events for a user who makes too many requests: nothing of the request was read. */
export const tooManyRequestsEvents: ReadonlyArray<ThreadStreamEvent> = [
  errorEventFor(errorTable.TooManyRequests, undefined, false)
]

/**
 * The events that stand for the answer to a request that is refused. A thread that takes no more
 * messages comes first, so that the page locks its composer.
 */
export const refusedEvents = (
  cause: Cause.Cause<Failure>,
  allowRetry: boolean
): Effect.Effect<ReadonlyArray<ThreadStreamEvent>> => {
  if (Cause.hasInterruptsOnly(cause)) return Effect.succeed([])
  const failure = Cause.squash(cause) as Failure | HttpServerError.HttpServerError
  const event = eventFor(failure, allowRetry)
  if (event === undefined) {
    return Effect.as(logDefect(cause), [
      errorEventFor(errorTable.InternalError, undefined, allowRetry)
    ])
  }
  return Effect.succeed(
    failure._tag === "ThreadNotActive"
      ? [{ type: "thread.updated", thread: toThread(failure.thread) }, event]
      : [event]
  )
}

/** Undefined for what is no failure of ours, but a bug. */
const eventFor = (
  failure: Failure | HttpServerError.HttpServerError,
  allowRetry: boolean
): ErrorEvent | undefined => {
  switch (failure._tag) {
    case "InvalidRequest":
      return errorEventFor(errorTable.InvalidRequest, failure, allowRetry)
    case "NotFound":
      return errorEventFor(errorTable.NotFound, failure, allowRetry)
    case "Conflict":
      return errorEventFor(errorTable.Conflict, failure, allowRetry)
    case "ThreadNotActive":
      return errorEventFor(errorTable.ThreadNotActive, failure, allowRetry)
    case "TooManyRequests":
    case "TooManyStreams":
    case "DbUnavailable":
    case "TooManyAttachments":
    case "AttachmentEmpty":
    case "AttachmentNameTooLong":
    case "ResponderFailed":
      return errorEventFor(errorTable[failure._tag], undefined, allowRetry)
    case "BodyTooLarge":
      return errorEventFor(errorTable.BodyTooLarge, failure, allowRetry)
    case "AttachmentSpaceFull":
      return errorEventFor(errorTable.AttachmentSpaceFull, failure, allowRetry)
    case "AttachmentTooLarge":
      return errorEventFor(errorTable.AttachmentTooLarge, failure, allowRetry)
    case "AttachmentTypeRefused":
      return errorEventFor(errorTable.AttachmentTypeRefused, failure, allowRetry)
    case "ContentEncodingRefused":
      return errorEventFor(errorTable.ContentEncodingRefused, failure, allowRetry)
    case "Refused":
      return errorEventFor(refusedRows[failure.status], undefined, allowRetry)
    case "HttpServerError":
      return failure.reason._tag === "RequestParseError"
        ? errorEventFor(errorTable.MalformedRequest, undefined, allowRetry)
        : undefined
    default:
      return undefined
  }
}
