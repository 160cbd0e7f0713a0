import { Clock, Context, Effect, Layer, Semaphore } from "effect"
import { allowance } from "./Allowance.ts"
import { TooManyRequests } from "./Errors.ts"
import { whileWorking } from "./PerUser.ts"
import { inPlace } from "./Places.ts"
import type { UserId } from "./User.ts"

/** Milliseconds until a request is refused: refusals at once would be a flood of their own. */
const patience = 1_000

/** Requests of one user that wait, for each that may be answered. More are refused at once. */
const waitingForEach = 8

/** Bytes of a body, and characters of a page, that cost about as much time as one request. */
const bodyUnit = 32 * 1024
const pageUnit = 128 * 1024

interface Reader {
  readonly mayRead: Effect.Effect<void, TooManyRequests>
  readonly hasRead: (length: number) => Effect.Effect<void>
}

/**
 * The requests that one user may make of this server: so many at once, from the authentication to
 * the head of the answer, and so many a second, of which a large one counts as several. What is
 * more waits for its turn, and is refused after a second. Each server counts for itself, in its
 * memory: three servers let one user do three times as much. Without a layer there is no limit.
 */
export const UserLimits = Context.Reference<{
  /** Runs the work of one request once it may be. */
  readonly limited: (
    userId: UserId
  ) => <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<A, E | TooManyRequests, R>
  /** Counts a JSON body, by its bytes, and waits until it may be parsed. */
  readonly takeBody: (userId: UserId, length: number) => Effect.Effect<void, TooManyRequests>
  /**
   * Runs the reading of a page, one at a time for each user. Before each piece of it `mayRead` waits
   * until the user may read more, and `hasRead` counts the piece afterwards, by its characters.
   */
  readonly reading: (
    userId: UserId
  ) => <A, E, R>(
    work: (reader: Reader) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | TooManyRequests, R>
}>("effect-chatkit/core/UserLimits", {
  defaultValue: () => ({
    limited: () => (work) => work,
    takeBody: () => Effect.void,
    reading: () => (work) => work({ mayRead: Effect.void, hasRead: () => Effect.void })
  })
})

export const userLimits = (limits: {
  readonly requestsAtOnce: number
  readonly requestsPerSecond: number
}) =>
  Layer.sync(UserLimits, () => {
    const { requestsAtOnce, requestsPerSecond } = limits
    const most = requestsAtOnce * (1 + waitingForEach)
    const ofUser = whileWorking(() => Semaphore.makeUnsafe(requestsAtOnce))
    const ofReader = whileWorking(() => Semaphore.makeUnsafe(1))
    const { spend, wait } = allowance(requestsPerSecond)
    const refusal = () => new TooManyRequests()

    const counted = (userId: UserId, requests: number) =>
      Effect.map(Clock.currentTimeMillis, (now) => spend(userId, now, requests))

    const spent = (userId: UserId, requests: number) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const left = wait(userId, now)
        if (left > patience) return Effect.delay(refusal(), patience)
        spend(userId, now, requests)
        return left === 0 ? Effect.void : Effect.sleep(left)
      })

    return {
      limited: (userId) => (work) =>
        ofUser(userId, (places, asked) =>
          asked > most
            ? refusal()
            : inPlace(places, patience, refusal)(Effect.andThen(spent(userId, 1), work))
        ),
      takeBody: (userId, length) =>
        length < bodyUnit ? Effect.void : spent(userId, Math.floor(length / bodyUnit)),
      reading: (userId) => (work) => {
        const reader = {
          mayRead: spent(userId, 0),
          hasRead: (length: number) => counted(userId, Math.floor(length / pageUnit))
        }
        return ofReader(userId, (place) => inPlace(place, patience, refusal)(work(reader)))
      }
    }
  })
