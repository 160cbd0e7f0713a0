import { Context, Duration, Effect, Layer, Schedule } from "effect"
import { RateLimiter } from "effect/persistence"
import { TooManyRequests } from "../core/Errors.ts"
import { countedPerUser } from "../core/PerUser.ts"
import type { UserId } from "../core/User.ts"

/** The store in memory keeps every user it has seen: a new one each minute bounds it. */
const forgetEvery = "1 minute"

const newLimiter = RateLimiter.make.pipe(Effect.provide(Layer.fresh(RateLimiter.layerStoreMemory)))

/**
 * The requests that one user may make of this server: so many at once, from the authentication to
 * the head of the answer, and so many a second. Each server counts for itself, in its memory:
 * three servers let one user do three times as much. Without a layer there is no limit.
 */
export const UserLimits = Context.Reference<{
  /** Runs the work of one request, or fails at once. */
  readonly limited: (
    userId: UserId
  ) => <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<A, E | TooManyRequests, R>
}>("effect-chatkit/http/UserLimits", {
  defaultValue: () => ({ limited: () => (work) => work })
})

export const userLimits = (limits: {
  readonly requestsAtOnce: number
  readonly requestsPerSecond: number
}) =>
  Layer.effect(
    UserLimits,
    Effect.gen(function* () {
      const { requestsAtOnce, requestsPerSecond } = limits
      let limiter = yield* newLimiter
      yield* Effect.map(newLimiter, (fresh) => {
        limiter = fresh
      }).pipe(Effect.schedule(Schedule.spaced(forgetEvery)), Effect.forkScoped)

      const take = countedPerUser(requestsAtOnce)
      const perSecond = {
        algorithm: "token-bucket",
        limit: requestsPerSecond,
        window: Duration.seconds(1)
      } as const
      return {
        limited: (userId) => (work) =>
          Effect.suspend(() => {
            const leave = take(userId)
            if (leave === undefined) return new TooManyRequests()
            return limiter.consume({ ...perSecond, key: userId }).pipe(
              Effect.mapError(() => new TooManyRequests()),
              Effect.andThen(work),
              Effect.ensuring(Effect.sync(leave))
            )
          })
      }
    })
  )
