import { Effect, Schedule } from "effect"

/** Milliseconds between two attempts, and attempts in all: two minutes. */
const every = 500
const attempts = 240

/** Turns whose remains may wait for the database at the same time, on this server. */
const most = 1_000

/**
 * Keeps what turns left behind while the database was away, by trying again within bounds: what
 * was read is not to be lost because the database was away for a moment.
 */
export const remainsOfTurns = () => {
  let waiting = 0
  /** Tries again until it succeeds, a bound is reached, or it is interrupted. */
  return <E>(store: Effect.Effect<unknown, E>): Effect.Effect<unknown, E> =>
    Effect.suspend(() => {
      if (waiting >= most) return store
      waiting += 1
      return store.pipe(
        Effect.retry({ schedule: Schedule.spaced(every), times: attempts - 1 }),
        Effect.delay(every),
        Effect.ensuring(
          Effect.sync(() => {
            waiting -= 1
          })
        )
      )
    })
}
