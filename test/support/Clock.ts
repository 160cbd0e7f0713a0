import { Clock, Effect } from "effect"

/** The real clock, which the test can set forward; sleeping takes its real time. */
export const settableClock = Effect.map(Clock.Clock, (real) => {
  let ahead = 0
  const clock: Clock.Clock = {
    ...real,
    currentTimeMillisUnsafe: () => real.currentTimeMillisUnsafe() + ahead,
    currentTimeMillis: Effect.map(real.currentTimeMillis, (now) => now + ahead),
    currentTimeNanosUnsafe: () => real.currentTimeNanosUnsafe() + BigInt(ahead) * 1_000_000n,
    currentTimeNanos: Effect.map(real.currentTimeNanos, (now) => now + BigInt(ahead) * 1_000_000n),
    sleep: (duration) => real.sleep(duration)
  }
  return {
    clock,
    advance: (milliseconds: number) =>
      Effect.sync(() => {
        ahead += milliseconds
      }),
    nowInSeconds: () => Math.floor(clock.currentTimeMillisUnsafe() / 1000)
  }
})
