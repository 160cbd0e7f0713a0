import { Effect } from "effect"
import { InvalidToken, type InvalidTokenReason } from "../Errors.ts"

const refusals = new Map<InvalidTokenReason, Effect.Effect<never, InvalidToken>>()

/** Fails with the reason. Each failure is made once: its stack would be costly in a flood. */
export const refuse = (reason: InvalidTokenReason): Effect.Effect<never, InvalidToken> => {
  const known = refusals.get(reason)
  if (known !== undefined) return known
  const refusal = Effect.fail(new InvalidToken({ reason }))
  refusals.set(reason, refusal)
  return refusal
}
