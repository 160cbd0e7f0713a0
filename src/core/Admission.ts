import { Context, Effect, Semaphore } from "effect"
import { DbUnavailable } from "./Errors.ts"
import { whileWorking } from "./PerUser.ts"
import { inPlace } from "./Places.ts"
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
  const ofUser = whileWorking(() => Semaphore.makeUnsafe(Math.ceil(places / 2)))
  const refusal = () => new DbUnavailable({ operation })

  return {
    admitted: (userId) => (work) =>
      ofUser(userId, (own) =>
        withinBudget(work).pipe(
          inPlace(all, patience, refusal),
          inPlace(own, patience, refusal),
          (admitted) => Effect.andThen(withinBudget(ready), admitted)
        )
      )
  }
}
