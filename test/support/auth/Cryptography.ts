import { Effect } from "effect"

/**
 * How many signatures are verified, JWTs' and session tokens', while the effect runs. No port is in
 * between: Web Crypto itself is counted.
 */
export const verifications = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const count = { of: 0 }
      const { subtle } = crypto
      const verify = subtle.verify.bind(subtle)
      subtle.verify = (...question: Parameters<typeof verify>) => {
        count.of += 1
        return verify(...question)
      }
      return count
    }),
    (count) => Effect.map(effect, () => count.of),
    () => Effect.sync(() => Reflect.deleteProperty(crypto.subtle, "verify"))
  )
