import { Effect, Layer, Logger, References } from "effect"
import { Settings } from "../Settings.ts"

/** Level and format of the log: readable on a terminal, one JSON object per line otherwise. */
export const Telemetry = Layer.unwrap(
  Effect.map(Settings, ({ logFormat, logLevel }) =>
    Layer.mergeAll(
      Logger.layer([logFormat === "json" ? Logger.consoleJson : Logger.consolePretty()]),
      Layer.succeed(References.MinimumLogLevel, logLevel),
      // Nobody collects spans yet, and each costs as much as a small statement.
      Layer.succeed(References.TracerEnabled, false)
    )
  )
)
