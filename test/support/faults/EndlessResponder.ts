import { Effect, Stream } from "effect"
import * as Answer from "../../../src/responder/Answer.ts"
import type { MessageTurn } from "../../../src/responder/Turn.ts"
import { eventually } from "../Eventually.ts"

/** The text that it repeats. */
export const long = "long ".repeat(13_000)

/** Repetitions in one message: more would be too large to be stored. */
const inOneMessage = 10

/** A responder that never comes to an end, and when its stream no longer lets it go on. */
export const endlessResponder = () => {
  let said = 0
  let before = 0
  const more = Effect.sync(() => {
    said += 1
    return long
  })
  return {
    loud: (turn: MessageTurn) =>
      Stream.flatMap(Stream.forever(Stream.succeed(turn)), (turn) =>
        Answer.streamText(turn, Stream.take(Stream.fromEffectRepeat(more), inOneMessage))
      ),
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
