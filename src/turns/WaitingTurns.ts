import { Effect } from "effect"

/** Milliseconds between two looks at a thread whose turn runs on another server. */
const lookEvery = 100

/** The requests on this server that wait for a thread, the first to come first. */
export const waitingTurns = () => {
  const queues = new Map<string, ReadonlyArray<() => void>>()

  const leave = (threadId: string, wake: () => void) => {
    const rest = (queues.get(threadId) ?? []).filter((other) => other !== wake)
    if (rest.length === 0) queues.delete(threadId)
    else queues.set(threadId, rest)
  }

  return {
    /** Returns when a turn here gave the thread back, or one elsewhere might have. */
    pause: (threadId: string): Effect.Effect<void> =>
      Effect.callback<void>((resume) => {
        const wake = () => resume(Effect.void)
        queues.set(threadId, [...(queues.get(threadId) ?? []), wake])
        return Effect.sync(() => leave(threadId, wake))
      }).pipe(Effect.timeoutOption(lookEvery), Effect.asVoid),

    wakeNext: (threadId: string): void => {
      const [next] = queues.get(threadId) ?? []
      if (next === undefined) return
      leave(threadId, next)
      next()
    }
  }
}
