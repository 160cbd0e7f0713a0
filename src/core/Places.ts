import { Effect, type Semaphore } from "effect"

/** Runs work in one of the places, and fails when none gets free within `patience` ms. */
export const inPlace =
  <E2>(places: Semaphore.Semaphore, patience: number, refusal: () => E2) =>
  <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E | E2, R> =>
    Effect.flatMap(places.withPermitsIfAvailable(1)(work), (done) =>
      done._tag === "Some" ? Effect.succeed(done.value) : waiting(places, patience, refusal, work)
    )

const waiting = <A, E, R, E2>(
  places: Semaphore.Semaphore,
  patience: number,
  refusal: () => E2,
  work: Effect.Effect<A, E, R>
) =>
  Effect.uninterruptibleMask((restore) =>
    restore(
      Effect.timeoutOrElse(places.take(1), {
        duration: patience,
        orElse: () => Effect.fail(refusal())
      })
    ).pipe(Effect.andThen(Effect.ensuring(restore(work), places.release(1))))
  )
