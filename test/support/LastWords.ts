import { Effect, Layer } from "effect"
import { Settings } from "../../src/settings/Settings.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"

const ends: Record<string, () => void> = {
  "process.exit": () => process.exit(3),
  "an uncaught exception": () => {
    throw new Error("broken")
  },
  "nothing left to do": () => undefined
}

/** Writes a few lines and is gone in the same turn. */
const lines = Effect.gen(function* () {
  for (const count of ["one", "two", "three"]) yield* Effect.logInfo(count)
}).pipe(Effect.provide(Telemetry.pipe(Layer.provide(Settings.layer))))

Effect.runSync(lines)
ends[process.argv[2]!]!()
