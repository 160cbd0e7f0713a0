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
