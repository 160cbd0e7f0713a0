import { Cause, Context, Deferred, Effect, Fiber, Layer, Queue, Scope, Stream } from "effect"
import { Attachments } from "../attachments/Attachments.ts"
import { CurrentUser } from "../auth/CurrentUser.ts"
import { Ids } from "../core/Ids.ts"
import { RequestInfo } from "../core/RequestInfo.ts"
import type { ThreadStreamEvent } from "../protocol/Events.ts"
import type { ThreadMetadata } from "../protocol/Threads.ts"
import type * as Answer from "../responder/Answer.ts"
import { Responder } from "../responder/Responder.ts"
import type { Turn } from "../responder/Turn.ts"
import { ThreadStore } from "../threads/ThreadStore.ts"
import type { TooManyStreams } from "./Errors.ts"
import { openStreams } from "./OpenStreams.ts"
import { responderTurn } from "./ResponderTurn.ts"
import { turnEmitter } from "./TurnEmitter.ts"
import * as TurnEvents from "./TurnEvents.ts"
import { failureEvents } from "./TurnFailure.ts"
import { type TurnLease, TurnLeases } from "./TurnLeases.ts"
import { turnRecorder } from "./TurnRecorder.ts"

/** A turn that is leased and stored, before the responder is asked. Nothing has been sent yet. */
export interface TurnStart {
  readonly lease: TurnLease
  /** Events that come before all others. */
  readonly events: ReadonlyArray<ThreadStreamEvent>
  /** The last item that the answer builds on; the answer replaces everything after it. */
  readonly upTo?: string
  readonly answer: (turn: Turn) => Answer.Answer
}

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
    const responder = yield* Responder
    const { atEnd } = yield* TurnLeases
    const store = yield* ThreadStore
    const ids = yield* Ids
    const attachments = yield* Attachments
    const services = { store, ids, attachments }

    const optionsOf = (thread: ThreadMetadata): ThreadStreamEvent => ({
      type: "stream_options",
      stream_options: responder.streamOptions(thread)
    })

    /** Sends the whole answer, or cancels the turn when it is interrupted. */
    const drive = (options: {
      readonly user: CurrentUser["Service"]
      readonly request: RequestInfo
      readonly start: TurnStart
      readonly events: TurnEvents.TurnEvents
      readonly hasOptions: boolean
      readonly leave: () => void
    }) => {
      const { events, hasOptions, leave, request, start, user } = options
      const recorder = turnRecorder(services, { userId: user.userId, ...start })
      const { emit, end, sendAll } = turnEmitter(recorder, events)
      let isStored = false
      const finish = (last: Effect.Effect<ReadonlyArray<ThreadStreamEvent>, unknown>) =>
        Effect.flatMap(last, (batch) => {
          isStored = true
          leave()
          return TurnEvents.send(events, batch)
        })
      const turn = responderTurn(services, user.userId, recorder, request, emit)
      const answer = Stream.suspend(() => start.answer(turn)).pipe(
        Stream.provideService(CurrentUser, user),
        Stream.runForEachArray(sendAll),
        // What was emitted and could not be stored fails the answer too.
        Effect.andThen(sendAll([]))
      )
      // Suspended: whatever the responder throws is one more event.
      return Effect.suspend(() =>
        TurnEvents.send(
          events,
          hasOptions ? start.events : [...start.events, optionsOf(start.lease.thread)]
        )
      ).pipe(
        Effect.andThen(answer),
        Effect.andThen(finish(recorder.flush("complete"))),
        Effect.catchCauseIf(
          (cause) => !Cause.hasInterruptsOnly(cause),
          (cause) => finish(failureEvents(recorder, cause))
        ),
        Effect.interruptible,
        Effect.onInterrupt(() => {
          leave()
          return isStored
            ? Effect.void
            : Effect.catchCause(atEnd(recorder.cancel), (cause) =>
                Effect.logError("cancelled turn not kept", cause)
              )
        }),
        Effect.ensuring(end)
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
            return Deferred.failCause(started, cause)
          },
          onSuccess: (start) =>
            Effect.andThen(
              Deferred.succeed(started, undefined),
              drive({ user, request, start, events, hasOptions, leave })
            )
        }),
        // The reader learns of the end first: giving the thread back may wait for the database.
        Effect.onExit((exit) => Effect.andThen(Queue.end(events), Scope.close(turn, exit))),
        Effect.uninterruptible,
        Effect.forkIn(server)
      )
      yield* Effect.addFinalizer(() => Fiber.interrupt(running))
      return new RunningTurn(events, Deferred.await(started))
    }, Effect.uninterruptible)

    return { run }
  })
