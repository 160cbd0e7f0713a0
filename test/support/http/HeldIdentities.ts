import { Deferred, Effect, Layer, Queue } from "effect"
import { Identities, type Identity } from "../../../src/auth/Identities.ts"
import { cast } from "../Doubles.ts"

/** Every token is Ada's, and no lookup is answered before the test says so. */
export const heldIdentities = Effect.gen(function* () {
  const waiting = yield* Queue.unbounded<Effect.Effect<void>>()
  const ada: Identity = cast[0]!
  const identities = Layer.succeed(Identities, {
    find: () =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        yield* Queue.offer(waiting, Effect.asVoid(Deferred.succeed(gate, undefined)))
        yield* Deferred.await(gate)
        return ada
      })
  })
  return {
    identities,
    /** The next lookup, as soon as there is one; answers it when run. */
    next: Queue.take(waiting)
  }
})
