import { Deferred, Effect, type Scope } from "effect"

/**
 * One run of an effect for all who ask while it is under way. It runs apart from its callers, in
 * the scope: one of them leaving does not take the answer from the others.
 */
export const singleFlight = <A, E>(
  effect: Effect.Effect<A, E>
): Effect.Effect<Effect.Effect<A, E>, never, Scope.Scope> =>
  Effect.map(Effect.scope, (scope) => {
    let running: Deferred.Deferred<A, E> | undefined
    return Effect.uninterruptibleMask((restore) => {
      if (running !== undefined) return restore(Deferred.await(running))
      const done = Deferred.makeUnsafe<A, E>()
      running = done
      return Effect.interruptible(effect).pipe(
        Effect.onExit((exit) => {
          running = undefined
          return Deferred.done(done, exit)
        }),
        Effect.forkIn(scope),
        Effect.andThen(restore(Deferred.await(done)))
      )
    })
  })
