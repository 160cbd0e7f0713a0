import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect, Layer, Logger, Queue, References, Stream, Tracer } from "effect"
import { serve } from "../../src/App.ts"
import { CurrentUser } from "../../src/auth/CurrentUser.ts"
import { TokenMemory } from "../../src/auth/tokens/VerifiedTokens.ts"
import { Responder } from "../../src/responder/Responder.ts"
import { LookupBatches } from "../../src/betterauth/Lookups.ts"
import * as Database from "../../src/postgres/Pool.ts"
import { Settings } from "../../src/settings/Settings.ts"
import * as Telemetry from "../../src/telemetry/Telemetry.ts"

const streamSeconds = Number(process.env["BENCH_STREAM_SECONDS"] ?? "30")

// Streams are silent until a signal, so that many can be opened first.
let speaking = false
process.on("SIGUSR2", () => {
  speaking = !speaking
})

/** Ten words a second, as a model might speak them. */
const words = Stream.callback<string>((queue) =>
  Effect.acquireRelease(
    Effect.sync(() => setInterval(() => speaking && Queue.offerUnsafe(queue, "word "), 100)),
    (timer) => Effect.sync(() => clearInterval(timer))
  )
).pipe(Stream.take(streamSeconds * 10))

const Answering = Layer.succeed(
  Responder,
  Responder.make({
    respond: (turn) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const item = {
            ...(yield* turn.newItem("message")),
            type: "assistant_message" as const,
            content: [{ type: "output_text" as const, text: "", annotations: [] }]
          }
          return Stream.concat(
            Stream.make({ type: "thread.item.added" as const, item }),
            Stream.map(words, (delta) => ({
              type: "thread.item.updated" as const,
              item_id: item.id,
              update: {
                type: "assistant_message.content_part.text_delta" as const,
                content_index: 0,
                delta
              }
            }))
          )
        })
      ),
    transcribe: () =>
      Effect.map(CurrentUser, ({ sessionId, userId }) => ({ text: `${userId} ${sessionId}` }))
  })
)

/** Our server without one of the things that make it fast, or with one that costs. */
const variants: Readonly<Record<string, Layer.Layer<never>>> = {
  "": Layer.empty,
  "no-token-memory": Layer.succeed(TokenMemory, { entries: 0, bytes: 0, milliseconds: 0 }),
  "no-batching": Layer.succeed(LookupBatches, { size: 1, inFlight: 3 }),
  "one-statement": Layer.succeed(LookupBatches, { size: 200, inFlight: 1 }),
  "library-logger": Logger.layer([Logger.consoleJson]),
  "tracing-on": Layer.merge(
    Layer.succeed(References.TracerEnabled, true),
    Layer.succeed(Tracer.Tracer, Tracer.make({ span: (options) => new Tracer.NativeSpan(options) }))
  )
}

const variant = process.env["BENCH_VARIANT"] ?? ""

const App = Layer.unwrap(
  Effect.gen(function* () {
    const settings = yield* Settings
    const { databasePoolSize, databaseUrl } = settings
    if (databaseUrl === undefined) return yield* Effect.die("DATABASE_URL is needed")
    const database = Database.layer({ url: databaseUrl, poolSize: databasePoolSize })
    return serve(settings, database, Answering)
  })
).pipe(
  Layer.provide(variants[variant] ?? Layer.effectDiscard(Effect.die(`no variant ${variant}`))),
  Layer.provide(Layer.unwrap(Effect.map(Settings, Telemetry.layer))),
  Layer.provide(Settings.layer)
)

NodeRuntime.runMain(Layer.launch(App))
