import { Clock, Context, Effect } from "effect"
import { DbUnavailable } from "./Errors.ts"
import { Timeouts } from "./Timeouts.ts"

/**
 * Milliseconds that are left for the database work of one request. The outermost middleware sets
 * it, and every `budgeted` piece of work lowers it. Time a responder takes and time a request
 * waits for its turn do not count.
 */
export const TimeBudget = Context.Reference<{ left: number } | undefined>(
  "effect-chatkit/core/TimeBudget",
  { defaultValue: () => undefined }
)

/**
 * Runs work that waits for the database within the request's budget, and fails with
 * `DbUnavailable` once that is used up. Outside a request the work may take `Timeouts.request`.
 * Work that always ends within `bound` ms needs a timer only when less than that is left.
 */
export const budgeted =
  (operation: string, bound = Infinity) =>
  <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E | DbUnavailable, R> =>
    Effect.withFiber((fiber) => {
      const budget = fiber.getRef(TimeBudget) ?? { left: fiber.getRef(Timeouts).request }
      const clock = fiber.getRef(Clock.Clock)
      const began = clock.currentTimeMillisUnsafe()
      const timed =
        budget.left >= bound
          ? work
          : Effect.timeoutOrElse(work, {
              duration: Math.max(0, budget.left),
              orElse: () => new DbUnavailable({ operation })
            })
      return Effect.onExit(timed, () => {
        budget.left -= clock.currentTimeMillisUnsafe() - began
        return Effect.void
      })
    })
