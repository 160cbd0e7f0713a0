import { Clock, Effect, References, Stream } from "effect"
import { HttpServerResponse } from "effect/http"
import { brokenOff, type ThreadStreamEvent } from "../chatkit/Events.ts"
import { eventJson } from "../chatkit/Serialization.ts"
import { Draining } from "./Draining.ts"

/** Milliseconds without an event after which a comment says that the stream is still there. */
const quiet = 15_000

/**
 * Events onto the socket, framed as the reference frames them. The status line goes out before
 * the first event, so a failure can only be one more event; the last one, when the server stops,
 * offers a retry.
 */
export const sse = Effect.fnUntraced(function* (events: Stream.Stream<ThreadStreamEvent>) {
  const draining = yield* Draining
  // The stream runs after its handler has returned; its log lines still say whose it is.
  const annotations = yield* References.CurrentLogAnnotations
  const lastWords = Stream.unwrap(
    Effect.map(draining.begun, (begun) => (begun ? Stream.make(brokenOff) : Stream.empty))
  )
  let lastSaid = yield* Clock.currentTimeMillis
  const keepAlive = Stream.fromEffectRepeat(
    Effect.gen(function* () {
      for (;;) {
        const now = yield* Clock.currentTimeMillis
        if (now - lastSaid >= quiet) {
          lastSaid = now
          return ": keep-alive\n\n"
        }
        yield* Effect.sleep(quiet - (now - lastSaid))
      }
    })
  )
  const body = events.pipe(
    Stream.interruptWhen(draining.await),
    Stream.concat(lastWords),
    // What comes together goes out together.
    Stream.mapArrayEffect((events) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        lastSaid = now
        return [events.map((event) => `data: ${eventJson(event)}\n\n`).join("")]
      })
    ),
    Stream.merge(keepAlive, { haltStrategy: "left" }),
    Stream.encodeText,
    Stream.provideService(References.CurrentLogAnnotations, annotations)
  )
  return HttpServerResponse.stream(body, {
    contentType: "text/event-stream; charset=utf-8",
    headers: { "cache-control": "no-cache, no-transform, no-store", "x-accel-buffering": "no" }
  })
})
