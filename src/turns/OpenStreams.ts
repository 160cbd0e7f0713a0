import { Effect } from "effect"
import type { UserId } from "../core/User.ts"
import { TooManyStreams } from "./Errors.ts"

/** Counts the streams that each user has open on this server, up to a limit for one user. */
export const openStreams = (limit: number) => {
  const streams = new Map<UserId, number>()
  /** Counts one more, until the returned function is called for the first time. */
  return (userId: UserId): Effect.Effect<() => void, TooManyStreams> =>
    Effect.suspend(() => {
      const open = streams.get(userId) ?? 0
      if (open >= limit) return new TooManyStreams()
      streams.set(userId, open + 1)
      let isOpen = true
      return Effect.succeed(() => {
        if (!isOpen) return
        isOpen = false
        const left = (streams.get(userId) ?? 1) - 1
        if (left === 0) streams.delete(userId)
        else streams.set(userId, left)
      })
    })
}
