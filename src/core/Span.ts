import { Effect, References } from "effect"

/** A span where somebody traces; nothing, at no cost, where nobody does. */
export const span =
  (name: string) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.withFiber((fiber) =>
      fiber.getRef(References.TracerEnabled) ? Effect.withSpan(effect, name) : effect
    )
