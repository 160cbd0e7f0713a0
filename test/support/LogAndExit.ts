import { Effect, Layer } from "effect"
import { Settings } from "../../src/settings/Settings.ts"
import * as Telemetry from "../../src/telemetry/Telemetry.ts"

const ends: Record<string, () => void> = {
  "process.exit": () => process.exit(3),
  "an uncaught exception": () => {
    throw new Error("broken")
  },
  "nothing left to do": () => undefined
}

/** Writes a few lines and ends in the same turn of the event loop. */
const lines = Effect.gen(function* () {
  for (const count of ["one", "two", "three"]) yield* Effect.logInfo(count)
}).pipe(
  Effect.provide(
    Layer.unwrap(Effect.map(Settings, Telemetry.layer)).pipe(Layer.provide(Settings.layer))
  )
)

Effect.runSync(lines)
ends[process.argv[2]!]!()
