import { Cause, Context, Effect, Exit, Fiber, Layer, Queue, Scope, Stream } from "effect"
import { Attachments } from "../attachments/Attachments.ts"
import { CurrentUser } from "../auth/CurrentUser.ts"
import { Ids } from "../core/Ids.ts"
import { RequestInfo } from "../core/RequestInfo.ts"
import type { ThreadStreamEvent } from "../protocol/Events.ts"
import type * as Answer from "../responder/Answer.ts"
import { Responder } from "../responder/Responder.ts"
import type { Turn } from "../responder/Turn.ts"
import { ThreadStore } from "../threads/ThreadStore.ts"
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

/**
 * Runs turns in the server's scope. The request that started a turn reads its events. When that
 * reader's scope ends before the turn does, the turn is cancelled: the text so far is stored, with
 * a note for the next turn. Every event is stored before it is sent, and a failure is one more
 * event.
 */
export class TurnRunner extends Context.Service<
  TurnRunner,
  {
    /**
     * Runs the turn that `start` leases and stores in the turn's own scope.
     */
    readonly run: <E, R>(
      start: Effect.Effect<TurnStart, E, R>
    ) => Effect.Effect<
      TurnEvents.TurnEvents,
      E,
      CurrentUser | Scope.Scope | Exclude<R, Scope.Scope>
    >
  }
>()("effect-chatkit/turns/TurnRunner") {
  static readonly layer = Layer.effect(
    TurnRunner,
    Effect.gen(function* () {
      const server = yield* Effect.scope
      const responder = yield* Responder
      const { atEnd } = yield* TurnLeases
      const store = yield* ThreadStore
      const ids = yield* Ids
      const attachments = yield* Attachments
      const services = { store, ids, attachments }

      /** Sends the whole answer, or cancels the turn when it is interrupted. */
      const drive = (
        user: CurrentUser["Service"],
        request: RequestInfo,
        start: TurnStart,
        events: TurnEvents.TurnEvents
      ) => {
        const recorder = turnRecorder(services, { userId: user.userId, ...start })
        const { emit, end, sendAll } = turnEmitter(recorder, events)
        let isStored = false
        const finish = (last: Effect.Effect<ReadonlyArray<ThreadStreamEvent>, unknown>) =>
          Effect.flatMap(last, (batch) => {
            isStored = true
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
        return Effect.suspend(() => {
          const stream_options = responder.streamOptions(start.lease.thread)
          return TurnEvents.send(events, [
            ...start.events,
            { type: "stream_options", stream_options }
          ])
        }).pipe(
          Effect.andThen(answer),
          Effect.andThen(finish(recorder.flush("complete"))),
          Effect.catchCauseIf(
            (cause) => !Cause.hasInterruptsOnly(cause),
            (cause) => finish(failureEvents(recorder, cause))
          ),
          Effect.interruptible,
          Effect.onInterrupt(() =>
            isStored
              ? Effect.void
              : Effect.catchCause(atEnd(recorder.cancel), (cause) =>
                  Effect.logError("cancelled turn not kept", cause)
                )
          ),
          Effect.ensuring(end)
        )
      }

      return {
        run: Effect.fnUntraced(function* (start) {
          const user = yield* CurrentUser
          const request = yield* RequestInfo
          return yield* Effect.uninterruptibleMask((restore) =>
            Effect.gen(function* () {
              const turn = yield* Scope.fork(server)
              const started = yield* restore(Scope.provide(start, turn)).pipe(
                // The refusal is sent first: giving the thread back may wait for the database.
                Effect.onError((cause) =>
                  Effect.addFinalizer(() => Scope.close(turn, Exit.failCause(cause)))
                )
              )
              const events = yield* TurnEvents.make
              const running = yield* drive(user, request, started, events).pipe(
                Effect.onExit((exit) => Effect.andThen(Queue.end(events), Scope.close(turn, exit))),
                Effect.uninterruptible,
                Effect.forkIn(server)
              )
              yield* Effect.addFinalizer(() => Fiber.interrupt(running))
              return events
            })
          )
        })
      }
    })
  )
}
