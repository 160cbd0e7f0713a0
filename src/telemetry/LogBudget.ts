import { Clock, Context, Effect, Layer, LogLevel, References, type Scope } from "effect"

/** Milliseconds. */
const window = 60_000

/** A per-minute cap on log lines that an unauthenticated client can cause. */
export interface Budget {
  /** Writes the line, or only counts it once the minute's lines are used up. */
  readonly log: (
    level: LogLevel.Severity,
    message: string,
    /** Built only when the line is written. */
    annotations: () => Record<string, unknown>
  ) => Effect.Effect<void>
}

/**
 * Limits how much a flood of requests can write to disk. Each budget allows some lines a minute;
 * at the end of the minute, one more line says how many were left out.
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

/** Writes one line, without undefined annotations, if its level is enabled. */
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
