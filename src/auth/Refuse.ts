import { Effect } from "effect"
import { InvalidToken, type InvalidTokenReason } from "./Errors.ts"

const made = new Map<InvalidTokenReason, Effect.Effect<never, InvalidToken>>()

/** Each refusal is made once: an error with its stack would cost a flood of bad tokens more. */
export const refuse = (reason: InvalidTokenReason): Effect.Effect<never, InvalidToken> => {
  const known = made.get(reason)
  if (known !== undefined) return known
  const refusal = Effect.fail(new InvalidToken({ reason }))
  made.set(reason, refusal)
  return refusal
}
