import { Effect, Layer, Schedule } from "effect"
import { Attachments } from "./Attachments.ts"

/** Sweeps once an hour. The first sweep is a minute after the start. */
export const AttachmentSweep = Layer.effectDiscard(
  Effect.gen(function* () {
    const { sweep } = yield* Attachments
    const logged = sweep.pipe(
      Effect.flatMap((count) =>
        count === 0
          ? Effect.void
          : Effect.annotateLogs(Effect.logInfo("abandoned attachments removed"), { count })
      ),
      // The store has logged the outage.
      Effect.catchTag("DbUnavailable", () => Effect.void),
      Effect.catchDefect((defect) => Effect.logError("defect", defect))
    )
    yield* logged.pipe(
      Effect.repeat(Schedule.spaced("1 hour")),
      Effect.delay("1 minute"),
      Effect.forkScoped
    )
  })
)
