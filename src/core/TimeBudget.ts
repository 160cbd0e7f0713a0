import { Clock, Effect } from "effect"
import { DbUnavailable } from "./Errors.ts"
import { RequestInfo } from "./RequestInfo.ts"
import { Timeouts } from "./Timeouts.ts"

/**
 * Runs work that waits for the database within what is left of the request's budget, and fails
 * with `DbUnavailable` once that is used up. Time a responder takes and time a request waits for
 * its turn do not count. Outside a request the work may take `Timeouts.request`. Work that always
 * ends within `bound` ms needs a timer only when less than that is left.
 */
export const budgeted =
  (operation: string, bound = Infinity) =>
  <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E | DbUnavailable, R> =>
    Effect.withFiber((fiber) => {
      const request = fiber.getRef(RequestInfo)
      const left = request.left ?? fiber.getRef(Timeouts).request
      const timed =
        left >= bound
          ? work
          : Effect.timeoutOrElse(work, {
              duration: Math.max(0, left),
              orElse: () => new DbUnavailable({ operation })
            })
      if (request.left === undefined) return timed
      const clock = fiber.getRef(Clock.Clock)
      const began = clock.currentTimeMillisUnsafe()
      return Effect.onExit(timed, () => {
        request.left = left - (clock.currentTimeMillisUnsafe() - began)
        return Effect.void
      })
    })
