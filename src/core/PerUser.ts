import { Effect } from "effect"
import type { UserId } from "./User.ts"

/**
 * Counts something of each user up to a limit. Gives a function that counts one less when it is
 * called for the first time, or undefined where the limit is reached.
 */
export const countedPerUser = (limit: number) => {
  const counts = new Map<UserId, number>()
  return (userId: UserId): (() => void) | undefined => {
    const before = counts.get(userId) ?? 0
    if (before >= limit) return undefined
    counts.set(userId, before + 1)
    let isCounted = true
    return () => {
      if (!isCounted) return
      isCounted = false
      const left = (counts.get(userId) ?? 1) - 1
      if (left === 0) counts.delete(userId)
      else counts.set(userId, left)
    }
  }
}

/**
 * Keeps something for each user that has work, from the first piece to the last. Work is also told
 * how many pieces its user has, itself included.
 */
export const whileWorking = <K>(make: () => K) => {
  const users = new Map<UserId, { readonly kept: K; count: number }>()
  return <A, E, R>(userId: UserId, work: (kept: K, count: number) => Effect.Effect<A, E, R>) =>
    Effect.suspend(() => {
      const user = users.get(userId) ?? { kept: make(), count: 0 }
      users.set(userId, user)
      user.count += 1
      return Effect.ensuring(
        work(user.kept, user.count),
        Effect.sync(() => {
          user.count -= 1
          if (user.count === 0) users.delete(userId)
        })
      )
    })
}
