import { type Duration, Effect, Schema, Stream } from "effect"
import { eventJson } from "../../protocol/EventJson.ts"
import { brokenOff } from "../../protocol/Events.ts"
import type { Draining } from "../Draining.ts"

/** An answer of the upstream server ends before its end. */
export class CutShort extends Schema.TaggedError<CutShort>()("CutShort", {
  reason: Schema.Literals(["lost", "silent", "stopping"])
}) {}

const lastEvent = new TextEncoder().encode(`data: ${eventJson(brokenOff)}\n\n`)

/**
 * The bytes of an upstream answer as they come. An event stream that breaks off, that is silent
 * for longer than `patience`, or that this server has to end because it stops, gets a last event
 * that offers a retry. It can only be written where no other event is half sent; otherwise, and
 * for every other answer, the connection breaks too, so that nobody takes the part for the whole.
 */
export const relayed = <E>(
  bytes: Stream.Stream<Uint8Array, E>,
  options: {
    readonly isEventStream: boolean
    /** How long it may be silent between two chunks. */
    readonly patience: Duration.Input
    readonly draining: Draining["Service"]
  }
): Stream.Stream<Uint8Array, CutShort> => {
  const { draining, isEventStream, patience } = options
  const heard = bytes.pipe(
    Stream.mapError(() => new CutShort({ reason: "lost" })),
    Stream.timeoutOrElse({
      duration: patience,
      orElse: () => Stream.fail(new CutShort({ reason: "silent" }))
    }),
    Stream.tapError(({ reason }) =>
      Effect.annotateLogs(Effect.logWarning("upstream broke off"), { reason })
    )
  )
  if (!isEventStream) return heard
  let end = "\n\n"
  const track = (chunk: Uint8Array) => {
    const tail = String.fromCharCode(...chunk.subarray(-4)).replaceAll("\r", "")
    end = (end + tail).slice(-2)
    return chunk
  }
  const stop = Effect.andThen(draining.await, Effect.fail(new CutShort({ reason: "stopping" })))
  return heard.pipe(
    Stream.interruptWhen(stop),
    Stream.map(track),
    Stream.catch((error) => (end === "\n\n" ? Stream.succeed(lastEvent) : Stream.fail(error)))
  )
}
