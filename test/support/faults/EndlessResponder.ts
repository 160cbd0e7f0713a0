import { Effect, Stream } from "effect"
import * as Answer from "../../../src/responder/Answer.ts"
import type { MessageTurn } from "../../../src/responder/Turn.ts"
import { eventually } from "../Eventually.ts"

/** The text that it repeats. */
export const long = "long ".repeat(13_000)

/** A responder that never comes to an end, and when its stream no longer lets it go on. */
export const endlessResponder = () => {
  let said = 0
  let before = 0
  const more = Effect.sync(() => {
    said += 1
    return long
  })
  return {
    loud: (turn: MessageTurn) => Answer.streamText(turn, Stream.fromEffectRepeat(more)),
    said: () => said,
    heldUp: eventually(
      Effect.sync(() => said),
      (now) => {
        const isStill = now > 0 && now === before
        before = now
        return isStill
      }
    )
  }
}
