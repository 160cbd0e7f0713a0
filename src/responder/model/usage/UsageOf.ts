import { Clock, Effect, Option } from "effect"
import { CurrentUser } from "../../../auth/CurrentUser.ts"
import { notKnown, usedUp } from "../ModelErrors.ts"
import { ModelLimits } from "../ModelLimits.ts"
import { ModelUsage } from "./ModelUsage.ts"
import type { Used } from "./Used.ts"

/** The day in UTC, as in `2026-11-25`. */
const today = Effect.map(Clock.currentTimeMillis, (now) => new Date(now).toISOString().slice(0, 10))

/**
 * Counts tokens by user, day and model, where there is a `ModelUsage`, and refuses in words when
 * the day's are used up. Where there is a limit, nobody is answered while the counter is out of
 * reach: the words offer another try. An answer that cannot be counted at its end is shown anyway.
 */
export const usageOf = Effect.gen(function* () {
  const counter = Option.getOrUndefined(yield* Effect.serviceOption(ModelUsage))
  const { dailyTokens } = yield* ModelLimits

  const refuseIfUsedUp = Effect.gen(function* () {
    if (counter === undefined || dailyTokens === 0) return
    const { userId } = yield* CurrentUser
    const tokens = yield* counter
      .tokensOf(userId, yield* today)
      .pipe(
        Effect.catch((error) =>
          Effect.andThen(Effect.logWarning("model usage not known", error), Effect.fail(notKnown))
        )
      )
    if (tokens >= dailyTokens) return yield* usedUp
  })

  const note = Effect.fnUntraced(function* (used: Used, began: number) {
    const { inputTokens, model, outputTokens, rounds } = used
    if (rounds === 0) return
    const now = yield* Clock.currentTimeMillis
    yield* Effect.logInfo("model usage").pipe(
      Effect.annotateLogs({
        model,
        rounds,
        input_tokens: inputTokens,
        output_tokens: outputTokens,
        duration_ms: now - began
      })
    )
    if (counter === undefined || inputTokens + outputTokens === 0) return
    const { userId } = yield* CurrentUser
    yield* counter
      .add(userId, { day: yield* today, model, inputTokens, outputTokens })
      .pipe(Effect.catch((error) => Effect.logWarning("model usage not counted", error)))
  })

  return { refuseIfUsedUp, note }
})
