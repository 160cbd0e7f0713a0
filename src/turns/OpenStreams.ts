import { Effect } from "effect"
import { countedPerUser } from "../core/PerUser.ts"
import type { UserId } from "../core/User.ts"
import { TooManyStreams } from "./Errors.ts"

/** Counts the streams that each user has open on this server, up to a limit for one user. */
export const openStreams = (limit: number) => {
  const take = countedPerUser(limit)
  /** Counts one more, until the returned function is called for the first time. */
  return (userId: UserId): Effect.Effect<() => void, TooManyStreams> =>
    Effect.suspend(() => {
      const leave = take(userId)
      return leave === undefined ? new TooManyStreams() : Effect.succeed(leave)
    })
}
