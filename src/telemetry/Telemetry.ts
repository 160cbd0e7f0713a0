import { Effect, Layer, Logger, References } from "effect"
import { Settings } from "../settings/Settings.ts"
import { jsonLogger } from "./JsonLogger.ts"
import { lineWriter } from "./LineWriter.ts"

const JsonLines = Layer.unwrap(
  Effect.sync(() => {
    const { flush, line } = lineWriter((text) => process.stdout.write(text))
    process.once("exit", flush)
    return Logger.layer([Logger.map(jsonLogger, line)])
  })
)

/** Level and format of the log: readable on a terminal, one JSON object per line otherwise. */
export const Telemetry = Layer.unwrap(
  Effect.map(Settings, ({ logFormat, logLevel }) =>
    Layer.mergeAll(
      logFormat === "json" ? JsonLines : Logger.layer([Logger.consolePretty()]),
      Layer.succeed(References.MinimumLogLevel, logLevel),
      // Nobody collects spans yet, and each costs as much as a small statement.
      Layer.succeed(References.TracerEnabled, false)
    )
  )
)
