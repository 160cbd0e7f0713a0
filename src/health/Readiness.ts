import { Context, Effect, Layer } from "effect"

/**
 * The reasons why a room of the server cannot do its work: a sentence each, for the operator and
 * without secrets; empty when it can. A check never fails, and bounds its own time.
 */
export type Check = Effect.Effect<ReadonlyArray<string>>

/** Whether the server can do its work right now: the sentences of all checks. */
export class Readiness extends Context.Service<
  Readiness,
  { readonly missing: Effect.Effect<ReadonlyArray<string>> }
>()("effect-chatkit/health/Readiness") {
  /**
   * Runs the checks together, at most once a second however often it is asked. Their sentences
   * keep the order of the checks; a sentence that two checks share is said once.
   */
  static readonly layer = (checks: ReadonlyArray<Check>) =>
    Layer.effect(
      Readiness,
      Effect.all(checks, { concurrency: "unbounded" }).pipe(
        Effect.map((sentences) => [...new Set(sentences.flat())]),
        Effect.cachedWithTTL("1 second"),
        Effect.map((missing) => ({ missing }))
      )
    )
}
