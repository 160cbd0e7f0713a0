import { Context, Deferred, Effect, Layer, Schedule, type Scope, Semaphore } from "effect"
import { Admission } from "../core/Admission.ts"
import { Conflict, type DbUnavailable, type NotFound } from "../core/Errors.ts"
import type { UserId } from "../core/User.ts"
import type { ThreadMetadata } from "../protocol/Threads.ts"
import { turnLease } from "../threads/ThreadStore.ts"
import { TurnStore } from "./TurnStore.ts"
import { waitingTurns } from "./WaitingTurns.ts"

/**
 * How long a request waits for the turn before it, in milliseconds. It is longer than a lease, so
 * that a turn whose server crashed does not make the next one fail.
 */
export const TurnWait = Context.Reference<number>("effect-chatkit/turns/TurnWait", {
  defaultValue: () => 10_000
})

/** Turns that store their remains at the same time. */
const endingAtOnce = 4

/** Milliseconds between two attempts to give a thread back while the database is away. */
const endAgainEvery = 250

const busy = new Conflict({
  reason: "Another answer is still being written in this thread: wait for it, or stop it"
})

/** A thread that belongs to one turn until the scope of its lease ends. */
export interface TurnLease {
  /** The turn's id, which is the fencing token of everything it writes. */
  readonly turn: string
  readonly thread: ThreadMetadata
  /**
   * Returns once the thread is found to be lost, within `turnLease`: it was deleted, or another
   * turn took it, because no sign of life reached the database.
   */
  readonly lost: Effect.Effect<void>
}

/**
 * The leases of the turns that run on this server. One turn at a time may write to a thread, over
 * all servers. A lease is renewed while its turn runs; when the process is killed, it ends after
 * `turnLease`.
 */
export class TurnLeases extends Context.Service<
  TurnLeases,
  {
    /**
     * Waits for the turn before it, and runs `whileWaiting` meanwhile. The wait itself does not
     * use up the request's time budget.
     */
    readonly begin: (
      userId: UserId,
      threadId: string,
      whileWaiting: Effect.Effect<void>
    ) => Effect.Effect<TurnLease, NotFound | Conflict | DbUnavailable, Scope.Scope>
    /** Leases a thread that `create` makes, from its first moment. */
    readonly beginNew: <E extends { readonly _tag: string }>(
      userId: UserId,
      thread: ThreadMetadata,
      create: (turn: string) => Effect.Effect<void, E>
    ) => Effect.Effect<TurnLease, E, Scope.Scope>
    /**
     * Stores the remains of a turn. Only a few do so at a time: a thousand clients that leave at
     * once would otherwise make each other's statements time out.
     */
    readonly atEnd: <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  }
>()("effect-chatkit/turns/TurnLeases") {
  static readonly layer = Layer.effect(
    TurnLeases,
    Effect.gen(function* () {
      const store = yield* TurnStore
      const { admitted } = yield* Admission
      const server = yield* Effect.scope
      /** The turns that hold a thread here, each with the bell for the loss of it. */
      const running = new Map<string, Deferred.Deferred<void>>()
      const waiting = waitingTurns()
      const ending = yield* Semaphore.make(endingAtOnce)

      yield* Effect.suspend(() => {
        const turns = [...running.keys()]
        return turns.length === 0
          ? Effect.void
          : Effect.map(store.renew(turns), (held) => {
              for (const turn of turns) {
                const lost = held.has(turn) ? undefined : running.get(turn)
                if (lost !== undefined) Deferred.doneUnsafe(lost, Effect.void)
              }
            })
      }).pipe(Effect.ignore, Effect.repeat(Schedule.spaced(turnLease / 3)), Effect.forkScoped)

      const end = (userId: UserId, threadId: string, turn: string) => {
        running.delete(turn)
        const once = ending.withPermit(store.end(userId, threadId, turn))
        const again = once.pipe(
          Effect.retry({
            schedule: Schedule.spaced(endAgainEvery),
            times: turnLease / endAgainEvery
          }),
          Effect.ignore
        )
        return once.pipe(
          // Nobody waits for the database to come back; without it the lease runs out by itself.
          Effect.catch(() => Effect.forkIn(again, server)),
          Effect.andThen(Effect.sync(() => waiting.wakeNext(threadId)))
        )
      }

      const lease = <A, E extends { readonly _tag: string }>(
        userId: UserId,
        threadId: string,
        acquire: (turn: string) => Effect.Effect<A, E>
      ) =>
        Effect.gen(function* () {
          const turn = crypto.randomUUID()
          // The lease is given back even if the answer to acquiring it never came.
          let mayHold = true
          yield* Effect.addFinalizer(() =>
            mayHold ? end(userId, threadId, turn) : Effect.sync(() => waiting.wakeNext(threadId))
          )
          const acquired = yield* Effect.tapError(acquire(turn), (error) =>
            Effect.sync(() => {
              mayHold = error._tag !== "NotFound"
            })
          )
          const lost = Deferred.makeUnsafe<void>()
          running.set(turn, lost)
          return [{ turn, lost: Deferred.await(lost) }, acquired] as const
        })

      return {
        atEnd: (work) => ending.withPermit(work),
        begin: Effect.fnUntraced(function* (userId, threadId, whileWaiting) {
          const wait = yield* TurnWait
          const take = (turn: string) => {
            // If the client disconnects while we take the thread, nobody would give it back.
            const once = Effect.uninterruptible(
              admitted(userId)(store.begin(userId, threadId, turn))
            )
            const again = Effect.andThen(waiting.pause(threadId), once).pipe(
              Effect.retry({ while: ({ _tag }) => _tag === "TurnTaken" })
            )
            return once.pipe(
              Effect.catchTag("TurnTaken", () =>
                Effect.raceFirst(again, Effect.andThen(whileWaiting, Effect.never))
              ),
              Effect.catchTag("TurnTaken", () => Effect.fail(busy)),
              Effect.timeoutOrElse({ duration: wait, orElse: () => Effect.fail(busy) })
            )
          }
          const [held, thread] = yield* lease(userId, threadId, take)
          return { ...held, thread }
        }),
        beginNew: Effect.fnUntraced(function* (userId, thread, create) {
          const acquire = (turn: string) => Effect.uninterruptible(create(turn))
          const [held] = yield* lease(userId, thread.id, acquire)
          return { ...held, thread }
        })
      }
    })
  )
}
