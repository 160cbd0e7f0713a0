import { Effect, Layer, Stream } from "effect"
import { Answer, CurrentUser, Responder } from "effect-chatkit"

/** As in the README: greets the person by name. */
export default Layer.succeed(
  Responder,
  Responder.make({
    respond: (turn) =>
      Stream.unwrap(
        Effect.map(CurrentUser, ({ name }) => Answer.say(turn, `Hello ${name}, nice to meet you.`))
      )
  })
)
