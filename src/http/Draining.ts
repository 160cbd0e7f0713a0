import * as http from "node:http"
import * as net from "node:net"
import { Context, Deferred, Effect, Layer } from "effect"

/** How long open work may take to end once the process was told to stop, in milliseconds. */
const patience = 8_000

/** How long an answered connection stays open for a request already on its way, in milliseconds. */
const lastCall = 1_000

/** Whether the server is about to stop: it takes no new work and ends its streams. */
export class Draining extends Context.Service<
  Draining,
  {
    readonly begin: Effect.Effect<void>
    readonly begun: () => boolean
    /** Returns when draining begins. */
    readonly await: Effect.Effect<void>
  }
>()("effect-chatkit/http/Draining") {
  static readonly layer = Layer.effect(
    Draining,
    Effect.map(Deferred.make<void>(), (bell) => ({
      begin: Effect.asVoid(Deferred.succeed(bell, undefined)),
      begun: () => Deferred.isDoneUnsafe(bell),
      await: Deferred.await(bell)
    }))
  )

  /**
   * Goes on top of the server, so that stopping begins here: not ready, streams end, and answers
   * close their connection. The port stays open for `delay` ms, so that those who are connecting
   * are told 503 instead of being reset, and whoever balances the load sees that this server is not
   * ready. A second after it is closed, idle connections are let go.
   */
  static readonly first = (server: http.Server, delay: number) =>
    Layer.effectDiscard(
      Effect.gen(function* () {
        const draining = yield* Draining
        // Only the listening socket: http's own `close` would also cut idle connections, and one
        // of them may be about to ask.
        const shut = Effect.callback<void>((resume) => {
          net.Server.prototype.close.call(server, () => resume(Effect.void))
        })
        const leave = Effect.sleep(lastCall).pipe(
          Effect.andThen(Effect.sync(() => server.closeIdleConnections())),
          Effect.andThen(Effect.never)
        )
        yield* Effect.addFinalizer(() =>
          Effect.logInfo("stopping").pipe(
            Effect.andThen(draining.begin),
            Effect.andThen(Effect.sleep(delay)),
            Effect.andThen(Effect.raceFirst(shut, leave)),
            Effect.timeoutOption(Math.max(patience, delay + 2 * lastCall)),
            Effect.andThen(Effect.sync(() => server.closeAllConnections())),
            impatiently
          )
        )
      })
    )
}

/** One stop often arrives twice, from the terminal or the supervisor and again from npm. */
const echo = 500

/** While this waits, a second signal ends the process at once. */
const impatiently = <A>(stopping: Effect.Effect<A>): Effect.Effect<A> => {
  const signals = ["SIGINT", "SIGTERM"] as const
  const end = () => process.exit(1)
  return Effect.acquireUseRelease(
    Effect.sync(() =>
      setTimeout(() => {
        for (const signal of signals) process.on(signal, end)
      }, echo)
    ),
    () => stopping,
    (arming) =>
      Effect.sync(() => {
        clearTimeout(arming)
        for (const signal of signals) process.off(signal, end)
      })
  )
}
