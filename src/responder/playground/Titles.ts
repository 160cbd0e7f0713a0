import { Effect, Layer, Stream } from "effect"
import { Responder } from "../Responder.ts"
import { Playground, textOf } from "./Playground.ts"

/** Words of the first message that make a title. */
const words = 5

const titleOf = (text: string): string | undefined =>
  text.trim().split(/\s+/).slice(0, words).join(" ").slice(0, 60) || undefined

/** The playground, which also names a new thread by its first words, as a model would. */
export const PlaygroundWithTitles = Layer.effect(
  Responder,
  Effect.map(Responder, (playground) => ({
    ...playground,
    respond: (turn) => {
      const { message, thread, updateThread } = turn
      const text = message === undefined ? "" : textOf(message)
      // A directive says itself what it does with the thread.
      const title = text.startsWith("/") ? undefined : titleOf(text)
      const naming = Effect.gen(function* () {
        if (title === undefined || (yield* thread).title !== undefined) return
        yield* updateThread((now) => ({ ...now, title }))
      })
      return Stream.concat(playground.respond(turn), Stream.fromEffectDrain(naming))
    }
  }))
).pipe(Layer.provide(Playground))
