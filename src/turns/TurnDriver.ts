import { Cause, Effect, Stream } from "effect"
import { CurrentUser } from "../auth/CurrentUser.ts"
import { DbUnavailable } from "../core/Errors.ts"
import type { RequestInfo } from "../core/RequestInfo.ts"
import type { ThreadStreamEvent } from "../protocol/Events.ts"
import type { ThreadMetadata } from "../protocol/Threads.ts"
import type * as Answer from "../responder/Answer.ts"
import type { Turn } from "../responder/Turn.ts"
import { TurnLost } from "../threads/Errors.ts"
import { responderTurn } from "./ResponderTurn.ts"
import { turnEmitter } from "./TurnEmitter.ts"
import * as TurnEvents from "./TurnEvents.ts"
import { failureEvent } from "./TurnFailure.ts"
import type { TurnLease, TurnLeases } from "./TurnLeases.ts"
import { type Failure, type RecorderServices, turnRecorder } from "./TurnRecorder.ts"

/** A turn that is leased and stored, before the responder is asked. Nothing has been sent yet. */
export interface TurnStart {
  readonly lease: TurnLease
  /** Events that come before all others. */
  readonly events: ReadonlyArray<ThreadStreamEvent>
  /** The last item that the answer builds on; the answer replaces everything after it. */
  readonly upTo?: string
  readonly answer: (turn: Turn) => Answer.Answer
}

/** Something that an outage kept from being stored; `what` names it in the log. */
export interface Rest {
  readonly what: string
  readonly store: Effect.Effect<unknown, Failure>
}

interface DriverServices extends RecorderServices {
  readonly atEnd: TurnLeases["Service"]["atEnd"]
  readonly optionsOf: (thread: ThreadMetadata) => ThreadStreamEvent
}

/**
 * Sends the whole answer, or cancels the turn when it is interrupted. Gives the rest that could
 * not be stored, if there is one.
 */
export const turnDriver =
  ({ atEnd, optionsOf, ...services }: DriverServices) =>
  (options: {
    readonly user: CurrentUser["Service"]
    readonly request: RequestInfo
    readonly start: TurnStart
    readonly events: TurnEvents.TurnEvents
    readonly hasOptions: boolean
    readonly leave: () => void
  }): Effect.Effect<Rest | undefined> => {
    const { events, hasOptions, leave, request, start, user } = options
    const { lease } = start
    const recorder = turnRecorder(services, { userId: user.userId, ...start })
    const { emit, end, sendAll } = turnEmitter(recorder, events)
    const turn = responderTurn(services, user.userId, recorder, request, emit)
    let rest: Rest | undefined
    let isStored = false

    const finish = (batch: ReadonlyArray<ThreadStreamEvent>) =>
      Effect.suspend(() => {
        isStored = true
        leave()
        return TurnEvents.send(events, batch)
      })

    /** A rest that an outage kept from being stored is tried again later. */
    const settle = <A>(what: string, store: Effect.Effect<A, Failure>) =>
      Effect.catchCause(store, (cause): Effect.Effect<undefined> => {
        const failure = Cause.squash(cause)
        if (failure instanceof DbUnavailable) rest = { what, store }
        else if (!(failure instanceof TurnLost)) {
          return Effect.as(Effect.logError(`${what} not kept`, cause), undefined)
        }
        return Effect.undefined
      })

    const answer = Stream.suspend(() => start.answer(turn)).pipe(
      Stream.provideService(CurrentUser, user),
      Stream.runForEachArray(sendAll),
      // What was emitted and could not be stored fails the answer too.
      Effect.andThen(sendAll([])),
      Effect.raceFirst(Effect.andThen(lease.lost, Effect.fail(new TurnLost())))
    )
    const isThere = Effect.match(services.store.loadThread(user.userId, lease.thread.id), {
      onFailure: ({ _tag }) => _tag !== "NotFound",
      onSuccess: () => true
    })
    const failed = (cause: Cause.Cause<unknown>) =>
      Effect.gen(function* () {
        const event = yield* failureEvent(cause, isThere)
        const changes = yield* settle("failed turn", recorder.flush)
        yield* finish([event, ...(changes ?? [])])
      })

    // Suspended: whatever the responder throws is one more event.
    return Effect.suspend(() =>
      TurnEvents.send(
        events,
        hasOptions ? start.events : [...start.events, optionsOf(lease.thread)]
      )
    ).pipe(
      Effect.andThen(answer),
      Effect.andThen(Effect.flatMap(recorder.flush, finish)),
      // Not reached when the turn is interrupted, but when the answer interrupts itself.
      Effect.catchCause(failed),
      Effect.interruptible,
      Effect.onInterrupt(() => {
        leave()
        return isStored ? Effect.void : atEnd(settle("cancelled turn", recorder.cancel))
      }),
      Effect.catchCause((cause) =>
        Cause.hasInterruptsOnly(cause) ? Effect.void : Effect.logError("turn failed", cause)
      ),
      Effect.ensuring(end),
      Effect.map(() => rest)
    )
  }
