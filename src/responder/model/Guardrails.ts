import { Data, Effect, Fiber, Stream } from "effect"
import type { Prompt } from "effect/ai"
import type { CurrentUser } from "../../auth/CurrentUser.ts"
import type { ResponseEventInput } from "../../protocol/Events.ts"
import type { Turn } from "../Turn.ts"

/** Checks beside an answer. One that fails takes the answer back, and its error ends the turn. */
export interface Guardrails {
  /** Runs while the model is asked already. */
  readonly input?: (turn: Turn, prompt: Prompt.Prompt) => Effect.Effect<void, unknown, CurrentUser>
  /** Runs with each text so far, before its last piece is shown. */
  readonly output?: (text: string) => Effect.Effect<void, unknown, CurrentUser>
}

class Tripped extends Data.Error<{ readonly error: unknown }> {}

const tripping = <A, E, R>(check: Effect.Effect<A, E, R>) =>
  Effect.mapError(check, (error) => new Tripped({ error }))

/**
 * The answer under its guardrails. When one trips, every item that this answer showed is removed,
 * those of its tools included.
 */
export const guardedBy = <R>(
  turn: Turn,
  prompt: Prompt.Prompt,
  shown: () => string,
  guardrails: Guardrails | undefined,
  answer: (turn: Turn) => Stream.Stream<ResponseEventInput, unknown, R>
): Stream.Stream<ResponseEventInput, unknown, R | CurrentUser> => {
  if (guardrails === undefined) return answer(turn)
  const { input, output } = guardrails
  const items = new Set<string>()
  const note = (event: ResponseEventInput) => {
    if ("item" in event) items.add(event.item.id)
    if (event.type === "thread.item.removed") items.delete(event.item_id)
  }
  const emit: Turn["emit"] = (...events) =>
    Effect.suspend(() => {
      events.forEach(note)
      return turn.emit(...events)
    })
  const checked = answer({ ...turn, emit }).pipe(
    Stream.mapEffect((event) => {
      note(event)
      const text = output === undefined ? "" : shown()
      return text === "" || output === undefined
        ? Effect.succeed(event)
        : Effect.as(tripping(output(text)), event)
    })
  )
  const watched: Stream.Stream<ResponseEventInput, unknown, R | CurrentUser> =
    input === undefined
      ? checked
      : Stream.unwrap(
          Effect.map(Effect.forkScoped(tripping(input(turn, prompt))), (check) => {
            const passed = Fiber.join(check)
            return checked.pipe(
              Stream.interruptWhen(Effect.andThen(passed, Effect.never)),
              // An answer that is quicker than the check waits for it.
              Stream.concat(Stream.fromEffectDrain(passed))
            )
          })
        )
  return Stream.catch(watched, (error) =>
    error instanceof Tripped
      ? Stream.concat(
          Stream.fromIterable(
            Array.from(items, (item_id) => ({ type: "thread.item.removed" as const, item_id }))
          ),
          Stream.fail(error.error)
        )
      : Stream.fail(error)
  )
}
