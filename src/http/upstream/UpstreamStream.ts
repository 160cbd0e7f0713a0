import { Effect, Stream } from "effect"
import { eventJson } from "../../protocol/EventJson.ts"
import { brokenOff } from "../../protocol/Events.ts"
import type { Draining } from "../Draining.ts"

const lastEvent = new TextEncoder().encode(`data: ${eventJson(brokenOff)}\n\n`)

/**
 * The bytes of an upstream answer as they come. An event stream that breaks off, or that this
 * server has to end because it stops, gets a last event that offers a retry. It can only be
 * written where no other event is half sent; otherwise, and for every other answer, the connection
 * breaks too, so that nobody takes the part for the whole.
 */
export const relayed = <E>(
  bytes: Stream.Stream<Uint8Array, E>,
  isEventStream: boolean,
  draining: Draining["Service"]
): Stream.Stream<Uint8Array, E> => {
  if (!isEventStream) return bytes
  let end = "\n\n"
  const track = (chunk: Uint8Array) => {
    const tail = String.fromCharCode(...chunk.subarray(-4)).replaceAll("\r", "")
    end = (end + tail).slice(-2)
    return chunk
  }
  const isBetweenEvents = () => end === "\n\n"
  let stopped = false
  const stop = Effect.andThen(
    draining.await,
    Effect.sync(() => {
      stopped = true
    })
  )
  return bytes.pipe(
    Stream.map(track),
    Stream.interruptWhen(stop),
    Stream.concat(
      Stream.suspend(() =>
        stopped && isBetweenEvents() ? Stream.succeed(lastEvent) : Stream.empty
      )
    ),
    Stream.catch((error) => (isBetweenEvents() ? Stream.succeed(lastEvent) : Stream.fail(error)))
  )
}
