import { Effect, Layer, Schedule } from "effect"
import { AttachmentContent } from "./AttachmentContent.ts"

/** Removes attachments nobody used, once an hour from a minute after the start on. */
export const AttachmentSweep = Layer.effectDiscard(
  Effect.gen(function* () {
    const { removeAbandoned } = yield* AttachmentContent
    const sweep = removeAbandoned.pipe(
      Effect.flatMap((count) =>
        count === 0
          ? Effect.void
          : Effect.annotateLogs(Effect.logInfo("abandoned attachments removed"), { count })
      ),
      // Who found the database away has logged it.
      Effect.catchTag("DbUnavailable", () => Effect.void),
      Effect.catchDefect((defect) => Effect.logError("defect", defect))
    )
    yield* sweep.pipe(
      Effect.repeat(Schedule.spaced("1 hour")),
      Effect.delay("1 minute"),
      Effect.forkScoped
    )
  })
)
