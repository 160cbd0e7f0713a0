import { Effect, Layer } from "effect"
import { ModelUsage } from "./ModelUsage.ts"

/** `ModelUsage` in memory, for tests of whatever counts. */
export const ModelUsageMemory = Layer.sync(ModelUsage, () => {
  const counts = new Map<string, number>()
  const keyOf = (userId: string, day: string) => JSON.stringify([userId, day])
  const tokensOf = (key: string) => counts.get(key) ?? 0
  return {
    add: (userId, { day, inputTokens, outputTokens }) =>
      Effect.sync(() => {
        const key = keyOf(userId, day)
        counts.set(key, tokensOf(key) + inputTokens + outputTokens)
      }),
    tokensOf: (userId, day) => Effect.sync(() => tokensOf(keyOf(userId, day)))
  }
})
