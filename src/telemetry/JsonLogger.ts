import { Logger, References } from "effect"

/**
 * What `Logger.formatJson` writes, made by `JSON.stringify` alone where that is the same: for the
 * one line that every request writes, in a third of the time.
 */
export const jsonLogger = Logger.make<unknown, string>((options) => {
  const { cause, date, fiber, logLevel, message } = options
  const annotations = fiber.getRef(References.CurrentLogAnnotations)
  const text: unknown = Array.isArray(message) && message.length === 1 ? message[0] : message
  const isPlain =
    typeof text === "string" &&
    cause.reasons.length === 0 &&
    fiber.getRef(References.CurrentLogSpans).length === 0 &&
    Object.values(annotations).every(isPrimitive)
  if (!isPlain) return Logger.formatJson.log(options)
  return JSON.stringify({
    message: text,
    level: logLevel.toUpperCase(),
    timestamp: date.toISOString(),
    annotations,
    spans: {},
    fiberId: `#${fiber.id}`
  })
})

const isPrimitive = (value: unknown) =>
  typeof value === "string" || typeof value === "boolean" || Number.isFinite(value)
