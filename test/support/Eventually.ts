import { Effect, Schedule } from "effect"

/** Looks again until it holds; fails with what was seen last when it never does. */
export const eventually = <A, R>(
  look: Effect.Effect<A, never, R>,
  holds: (seen: A) => boolean,
  tries = 100
) =>
  look.pipe(
    Effect.filterOrFail(holds, (seen) => seen),
    Effect.retry({ schedule: Schedule.spaced("50 millis"), times: tries }),
    Effect.catch((seen) => Effect.die(new Error(`still ${JSON.stringify(seen)}`)))
  )
