import { Effect, Layer, Logger, type LogLevel, References } from "effect"
import { jsonLogger } from "./JsonLogger.ts"
import { lineWriter } from "./LineWriter.ts"

const layerJson = Layer.unwrap(
  Effect.sync(() => {
    const { flush, line } = lineWriter((text) => process.stdout.write(text))
    process.once("exit", flush)
    return Logger.layer([Logger.map(jsonLogger, line)])
  })
)

/** The log on standard output: `json` writes one object a line, `pretty` is for a terminal. */
export const layer = (options: {
  readonly logFormat: "pretty" | "json"
  readonly logLevel: LogLevel.Severity
}) =>
  Layer.mergeAll(
    options.logFormat === "json" ? layerJson : Logger.layer([Logger.consolePretty()]),
    Layer.succeed(References.MinimumLogLevel, options.logLevel),
    // Spans are not collected yet, and making one costs as much as a small statement.
    Layer.succeed(References.TracerEnabled, false)
  )
