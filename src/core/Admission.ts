import { Context, Effect, Semaphore } from "effect"
import { DbUnavailable } from "./Errors.ts"
import { budgeted } from "./TimeBudget.ts"
import type { UserId } from "./User.ts"

const operation = "ChatKit.process"
const withinBudget = budgeted(operation)

/**
 * The door to the database for work that has not begun: requests and new turns. Running turns do
 * not pass it, so that their statements never wait behind a crowd. Without a limit, as in tests
 * with stores in memory, everything passes.
 */
export const Admission = Context.Reference<{
  /**
   * Runs work of one user in one of the places, within the request's time budget. Fails with
   * `DbUnavailable` when no place gets free in time.
   */
  readonly admitted: (
    userId: UserId
  ) => <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<A, E | DbUnavailable, R>
}>("effect-chatkit/core/Admission", {
  defaultValue: () => ({ admitted: () => withinBudget })
})

/**
 * One place fewer than the pool has connections, so that running turns find one, and half of them
 * for one user. Nobody waits longer than `patience` ms for a place. What has to be done before the
 * first work, such as migrations, is waited for outside.
 */
export const admission = (options: {
  readonly poolSize: number
  readonly patience: number
  readonly ready: Effect.Effect<void, DbUnavailable>
}): typeof Admission.Service => {
  const { patience, poolSize, ready } = options
  const places = Math.max(1, poolSize - 1)
  const all = Semaphore.makeUnsafe(places)
  const users = new Map<UserId, { readonly places: Semaphore.Semaphore; count: number }>()

  const inPlaceOf =
    (semaphore: Semaphore.Semaphore) =>
    <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E | DbUnavailable, R> =>
      Effect.flatMap(semaphore.withPermitsIfAvailable(1)(work), (done) =>
        done._tag === "Some" ? Effect.succeed(done.value) : waiting(semaphore, work)
      )

  const waiting = <A, E, R>(semaphore: Semaphore.Semaphore, work: Effect.Effect<A, E, R>) =>
    Effect.uninterruptibleMask((restore) =>
      restore(
        Effect.timeoutOrElse(semaphore.take(1), {
          duration: patience,
          orElse: () => new DbUnavailable({ operation })
        })
      ).pipe(Effect.andThen(Effect.ensuring(restore(work), semaphore.release(1))))
    )

  return {
    admitted: (userId) => (work) =>
      Effect.suspend(() => {
        const user = users.get(userId) ?? {
          places: Semaphore.makeUnsafe(Math.ceil(places / 2)),
          count: 0
        }
        users.set(userId, user)
        user.count += 1
        return withinBudget(work).pipe(
          inPlaceOf(all),
          inPlaceOf(user.places),
          (admitted) => Effect.andThen(withinBudget(ready), admitted),
          Effect.ensuring(
            Effect.sync(() => {
              user.count -= 1
              if (user.count === 0) users.delete(userId)
            })
          )
        )
      })
  }
}
