import { Cause, Clock, Effect, Option, Queue, type Scope, Stream } from "effect"
import { HttpServerResponse } from "effect/http"
import { eventJson } from "../protocol/EventJson.ts"
import { brokenOff, type ThreadStreamEvent } from "../protocol/Events.ts"
import type { TurnEvents } from "../turns/TurnEvents.ts"
import type { Draining } from "./Draining.ts"

/** Milliseconds without an event after which a comment shows that the stream is still open. */
const quiet = 15_000

/** Stands for a comment: proxies close connections that are silent for long. */
const keepAlive: ReadonlyArray<ThreadStreamEvent> = []

/** Nothing is sent after it, whatever the turn still offers. */
const stopped: ReadonlyArray<ThreadStreamEvent> = [brokenOff]

const textOf = (events: ReadonlyArray<ThreadStreamEvent>): string => {
  if (events.length === 0) return ": keep-alive\n\n"
  let text = ""
  for (const event of events) text += `data: ${eventJson(event)}\n\n`
  return text
}

const response = (body: Stream.Stream<string>) =>
  HttpServerResponse.stream(Stream.encodeText(body), {
    contentType: "text/event-stream; charset=utf-8",
    headers: { "cache-control": "no-cache, no-transform, no-store", "x-accel-buffering": "no" }
  })

/** A stream of just these events. */
export const sseOf = (events: ReadonlyArray<ThreadStreamEvent>) =>
  response(Stream.succeed(textOf(events)))

/**
 * Sends the events of a turn as the reference frames them, one write for a batch. The status line
 * goes out before the first event, so a failure can only be one more event. When the server
 * stops, the last event offers a retry. `refusal` gives the events for a turn that could not start.
 */
export const sse = (
  draining: Draining["Service"],
  turn: TurnEvents,
  refusal: Effect.Effect<ReadonlyArray<ThreadStreamEvent>>
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, Scope.Scope> =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    let lastSent = clock.currentTimeMillisUnsafe()

    yield* Effect.gen(function* () {
      for (;;) {
        const left = lastSent + quiet - clock.currentTimeMillisUnsafe()
        if (left <= 0) {
          yield* Queue.offer(turn, keepAlive)
          continue
        }
        const stopping = yield* Effect.timeoutOption(draining.await, left)
        if (Option.isSome(stopping)) break
      }
      yield* Queue.offer(turn, stopped)
    }).pipe(Effect.forkScoped)

    let isOver = false
    const next = Effect.suspend(() => (isOver ? Cause.done() : Queue.take(turn)))
    const body = Stream.fromPull(
      Effect.succeed(
        Effect.map(next, (events) => {
          isOver = events === stopped
          lastSent = clock.currentTimeMillisUnsafe()
          return [textOf(events)] as const
        })
      )
    )
    const refused = Effect.map(refusal, (events) =>
      isOver || events.length === 0 ? Stream.empty : Stream.succeed(textOf(events))
    )
    return response(Stream.concat(body, Stream.unwrap(refused)))
  })
