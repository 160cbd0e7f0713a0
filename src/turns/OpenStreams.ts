import { Effect, type Scope } from "effect"
import type { UserId } from "../core/User.ts"
import { TooManyStreams } from "./Errors.ts"

/** Counts the streams that each user has open on this server, up to a limit for one user. */
export const openStreams = (limit: number) => {
  const streams = new Map<UserId, number>()
  /** Counts one more until the scope ends. */
  return Effect.fnUntraced(function* (
    userId: UserId
  ): Effect.fn.Return<void, TooManyStreams, Scope.Scope> {
    const open = streams.get(userId) ?? 0
    if (open >= limit) return yield* new TooManyStreams()
    yield* Effect.acquireRelease(
      Effect.sync(() => streams.set(userId, open + 1)),
      () =>
        Effect.sync(() => {
          const left = (streams.get(userId) ?? 1) - 1
          if (left === 0) streams.delete(userId)
          else streams.set(userId, left)
        })
    )
  })
}
