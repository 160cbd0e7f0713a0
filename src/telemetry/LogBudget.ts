import { Clock, Context, Effect, Layer, LogLevel, References, type Scope } from "effect"

const window = 60_000

/** A share of the log that anyone can make us write, and no more than that. */
export interface Budget {
  /** Writes the line while the minute's budget lasts, counts it otherwise. */
  readonly log: (
    level: LogLevel.Severity,
    message: string,
    /** Built only when the line is written. */
    annotations: () => Record<string, unknown>
  ) => Effect.Effect<void>
}

/**
 * Bounds what a flood of requests can write to disk: each budget allows so many lines a minute,
 * and at the end of the minute one line says how many were left out.
 */
export class LogBudget extends Context.Service<
  LogBudget,
  { readonly make: (name: string, linesPerMinute: number) => Budget }
>()("effect-chatkit/telemetry/LogBudget") {
  static readonly layer = Layer.effect(
    LogBudget,
    Effect.map(Effect.scope, (scope) => ({
      make: (name, linesPerMinute) => budget(name, linesPerMinute, scope)
    }))
  )
}

/** One log line; absent values are left out, and annotations are built only when it is written. */
export const line = (
  level: LogLevel.Severity,
  message: string,
  annotations: () => Readonly<Record<string, unknown>>
): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    if (LogLevel.isGreaterThan(fiber.getRef(References.MinimumLogLevel), level)) return Effect.void
    const all: Record<string, unknown> = { ...fiber.getRef(References.CurrentLogAnnotations) }
    const own = annotations()
    for (const name in own) if (own[name] !== undefined) all[name] = own[name]
    return Effect.provideService(
      Effect.logWithLevel(level)(message),
      References.CurrentLogAnnotations,
      all
    )
  })

const budget = (name: string, linesPerMinute: number, scope: Scope.Scope): Budget => {
  let opened = -Infinity
  let written = 0
  let leftOut = 0
  const summary = Effect.suspend(() => {
    const count = leftOut
    leftOut = 0
    return line("Warn", "log lines left out", () => ({ budget: name, count }))
  })
  return {
    log: Effect.fnUntraced(function* (level, message, annotations) {
      const now = yield* Clock.currentTimeMillis
      if (now - opened >= window || now < opened) {
        opened = now
        written = 0
      }
      if (written < linesPerMinute) {
        written += 1
        return yield* line(level, message, annotations)
      }
      leftOut += 1
      if (leftOut === 1) {
        yield* Effect.forkIn(Effect.delay(summary, opened + window - now), scope)
      }
    })
  }
}
