import { Context, Deferred, Effect, Exit, Fiber, Layer, Queue, Scope } from "effect"
import { Attachments } from "../attachments/Attachments.ts"
import { CurrentUser } from "../auth/CurrentUser.ts"
import { Ids } from "../core/Ids.ts"
import { RequestInfo } from "../core/RequestInfo.ts"
import type { ThreadStreamEvent } from "../protocol/Events.ts"
import type { ThreadMetadata } from "../protocol/Threads.ts"
import { Responder } from "../responder/Responder.ts"
import { ThreadStore } from "../threads/ThreadStore.ts"
import type { TooManyStreams } from "./Errors.ts"
import { openStreams } from "./OpenStreams.ts"
import { remainsOfTurns } from "./Remains.ts"
import { type Rest, turnDriver, type TurnStart } from "./TurnDriver.ts"
import * as TurnEvents from "./TurnEvents.ts"
import { TurnLeases } from "./TurnLeases.ts"

/** A turn from the moment it was asked for, for its one reader. */
export class RunningTurn<out E> {
  /** Ends with the turn; empty if the turn could not start. */
  readonly events: TurnEvents.TurnEvents
  /** Done once the turn has started: it is leased and stored. Fails if it cannot start. */
  readonly started: Effect.Effect<void, E>

  constructor(events: TurnEvents.TurnEvents, started: Effect.Effect<void, E>) {
    this.events = events
    this.started = started
  }
}

/**
 * Runs turns in the server's scope. The request that asked for a turn reads its events. When that
 * reader's scope ends before the turn does, the turn is cancelled: the text so far is stored, with
 * a note for the next turn. Every event is stored before it is sent, and a failure is one more
 * event.
 */
export class TurnRunner extends Context.Service<
  TurnRunner,
  {
    /**
     * Runs the turn that `start` leases and stores in the turn's own scope. The turn is one of
     * the `STREAMS_PER_USER` that its user may have on this server. Its place is free again before
     * the reader can see the end, and as soon as the reader is gone. `start` gets an effect that
     * sends the options of the stream while it waits for this thread.
     */
    readonly run: <E, R>(
      start: (
        whileWaiting: (thread: ThreadMetadata) => Effect.Effect<void>
      ) => Effect.Effect<TurnStart, E, R>
    ) => Effect.Effect<
      RunningTurn<E>,
      TooManyStreams,
      CurrentUser | Scope.Scope | Exclude<R, Scope.Scope>
    >
  }
>()("effect-chatkit/turns/TurnRunner") {
  static readonly layer = (options: { readonly streamsPerUser: number }) =>
    Layer.effect(TurnRunner, make(options))
}

const make = (options: { readonly streamsPerUser: number }) =>
  Effect.gen(function* () {
    const server = yield* Effect.scope
    const admit = openStreams(options.streamsPerUser)
    const keep = remainsOfTurns()
    const responder = yield* Responder
    const { atEnd } = yield* TurnLeases
    const store = yield* ThreadStore
    const ids = yield* Ids
    const attachments = yield* Attachments
    const optionsOf = (thread: ThreadMetadata): ThreadStreamEvent => ({
      type: "stream_options",
      stream_options: responder.streamOptions(thread)
    })

    const drive = turnDriver({ store, ids, attachments, optionsOf, atEnd })

    /** Gives the thread back, once everything of its turn is stored. */
    const close = (turn: Scope.Closeable, rest: Rest | undefined) => {
      const closed = Scope.close(turn, Exit.void)
      if (rest === undefined) return closed
      const { store, what } = rest
      return Effect.interruptible(keep(atEnd(store))).pipe(
        Effect.catchCause((cause) => Effect.logError(`${what} not kept`, cause)),
        Effect.ensuring(closed),
        Effect.forkIn(server)
      )
    }

    const run = Effect.fnUntraced(function* <E, R>(
      start: (
        whileWaiting: (thread: ThreadMetadata) => Effect.Effect<void>
      ) => Effect.Effect<TurnStart, E, R>
    ) {
      const user = yield* CurrentUser
      const request = yield* RequestInfo
      const leave = yield* admit(user.userId)
      const events = yield* TurnEvents.make
      const started = Deferred.makeUnsafe<void, E>()
      let hasOptions = false
      const whileWaiting = (thread: ThreadMetadata) =>
        Effect.suspend(() => TurnEvents.send(events, [optionsOf(thread)])).pipe(
          Effect.map(() => {
            hasOptions = true
          }),
          Effect.catchCause(() => Effect.void)
        )
      const turn = yield* Scope.fork(server)
      const running = yield* Effect.interruptible(Scope.provide(start(whileWaiting), turn)).pipe(
        Effect.matchCauseEffect({
          onFailure: (cause) => {
            leave()
            return Effect.as(Deferred.failCause(started, cause), undefined)
          },
          onSuccess: (start) =>
            Effect.andThen(
              Deferred.succeed(started, undefined),
              drive({ user, request, start, events, hasOptions, leave })
            )
        }),
        // The reader learns of the end first: giving the thread back may wait for the database.
        Effect.tap(Queue.end(events)),
        Effect.flatMap((rest) => close(turn, rest)),
        Effect.uninterruptible,
        Effect.forkIn(server)
      )
      yield* Effect.addFinalizer(() => Fiber.interrupt(running))
      return new RunningTurn(events, Deferred.await(started))
    }, Effect.uninterruptible)

    return { run }
  })
