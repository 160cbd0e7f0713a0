import { Clock, Effect, Option, References, Stream } from "effect"
import { HttpServerResponse } from "effect/http"
import { brokenOff, type ThreadStreamEvent } from "../protocol/Events.ts"
import { eventJson } from "../protocol/EventJson.ts"
import { Draining } from "./Draining.ts"

/** Milliseconds without an event after which a comment says that the stream is still there. */
const quiet = 15_000

const frame = (event: ThreadStreamEvent) => `data: ${eventJson(event)}\n\n`
const keepAlive = ": keep-alive\n\n"
const lastWord = frame(brokenOff)

/**
 * Events onto the socket, framed as the reference frames them. The status line goes out before
 * the first event, so a failure can only be one more event; the last one, when the server stops,
 * offers a retry.
 */
export const sse = Effect.fnUntraced(function* (events: Stream.Stream<ThreadStreamEvent>) {
  const draining = yield* Draining
  // The stream runs after its handler has returned; its log lines still say whose it is.
  const annotations = yield* References.CurrentLogAnnotations
  const clock = yield* Clock.Clock
  let lastSaid = clock.currentTimeMillisUnsafe()
  /** A comment whenever nothing was said for a while, and the last word when the server stops. */
  const aside = Stream.fromEffectRepeat(
    Effect.gen(function* () {
      for (;;) {
        const now = clock.currentTimeMillisUnsafe()
        if (now - lastSaid >= quiet) {
          lastSaid = now
          return keepAlive
        }
        const stopping = yield* Effect.timeoutOption(draining.await, quiet - (now - lastSaid))
        if (Option.isSome(stopping)) return lastWord
      }
    })
  )
  const body = events.pipe(
    // What comes together goes out together.
    Stream.mapArray((events) => {
      lastSaid = clock.currentTimeMillisUnsafe()
      return [events.map(frame).join("")]
    }),
    Stream.merge(aside, { haltStrategy: "left" }),
    Stream.takeUntil((text) => text === lastWord),
    Stream.encodeText,
    Stream.provideService(References.CurrentLogAnnotations, annotations)
  )
  return HttpServerResponse.stream(body, {
    contentType: "text/event-stream; charset=utf-8",
    headers: { "cache-control": "no-cache, no-transform, no-store", "x-accel-buffering": "no" }
  })
})
