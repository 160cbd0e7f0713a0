import type { UserId } from "./User.ts"

const second = 1_000

/**
 * So much a second for each user: a second's worth at once, or evenly. Only those are kept who have
 * spent something in the last seconds.
 */
export const allowance = (
  perSecond: number,
  /** The moment from which each user may spend again. */
  free = new Map<UserId, number>()
) => {
  const step = second / perSecond
  let forgetAt = 0

  const forget = (now: number) => {
    if (now < forgetAt) return
    for (const [userId, from] of free) if (from <= now - second) free.delete(userId)
    forgetAt = now + second
  }

  return {
    /** Milliseconds until the user may spend. */
    wait: (userId: UserId, now: number): number => Math.max(0, (free.get(userId) ?? now) - now),

    /** Spends so much, a second's worth at most, whether it is there or has to be waited for. */
    spend: (userId: UserId, now: number, count: number): void => {
      forget(now)
      const from = Math.max(free.get(userId) ?? -Infinity, now - second + step)
      free.set(userId, from + step * Math.min(count, perSecond))
    }
  }
}
