import { Clock, Context, Effect } from "effect"
import { DbUnavailable } from "./Errors.ts"
import { Timeouts } from "./Timeouts.ts"

/** Milliseconds that are left for the work on this request, as of the moment it begins. */
export const Deadline = Context.Reference<number | undefined>("effect-chatkit/core/Deadline", {
  defaultValue: () => undefined
})

/** Runs a piece of the work on a request; all pieces together may take as long as is left. */
export type Within = <A, E, R>(
  work: Effect.Effect<A, E, R>
) => Effect.Effect<A, E | DbUnavailable, R>

/**
 * For the work that waits for the database, and for nothing else: what a responder does, and the
 * time a request waits for its turn, do not count.
 */
export const within = (operation: string): Effect.Effect<Within> =>
  Effect.withFiber((fiber) => {
    let left = fiber.getRef(Deadline) ?? fiber.getRef(Timeouts).request
    return Effect.succeed<Within>((work) =>
      Effect.gen(function* () {
        const began = yield* Clock.currentTimeMillis
        const done = yield* Effect.timeoutOrElse(work, {
          duration: Math.max(0, left),
          orElse: () => new DbUnavailable({ operation })
        })
        left -= (yield* Clock.currentTimeMillis) - began
        return done
      })
    )
  })
