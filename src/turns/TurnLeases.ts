import { Context, Effect, Layer, Schedule, type Scope, Semaphore } from "effect"
import type { Within } from "../core/TimeBudget.ts"
import { Conflict, type DbUnavailable, type NotFound } from "../core/Errors.ts"
import { TooManyStreams } from "./Errors.ts"
import type { UserId } from "../core/User.ts"
import { turnLease, ThreadStore } from "../threads/ThreadStore.ts"
import type { ThreadMetadata } from "../protocol/Threads.ts"

/** How long a request waits for the turn before it, in milliseconds; longer than a crashed turn lasts. */
export const TurnWait = Context.Reference<number>("effect-chatkit/turns/TurnWait", {
  defaultValue: () => 10_000
})

/** Milliseconds between two looks at a thread whose turn runs in another process. */
const lookEvery = 100

/** Turns whose last words are stored at the same time. */
const endingAtOnce = 4

const busy = new Conflict({
  reason: "Another answer is still being written in this thread: wait for it, or stop it"
})

/** Waited for even by who has left: a thread that is taken afterwards would be given back by nobody. */
const settled = Effect.uninterruptible

/** A thread that belongs to one turn until its scope ends. */
export interface Held {
  readonly turn: string
  readonly thread: ThreadMetadata
}

/**
 * Who may write to a thread: one turn at a time, over all servers. A turn that stops giving signs of
 * life, because its process was killed, loses its thread after `turnLease`.
 */
export class Turns extends Context.Service<
  Turns,
  {
    /** One of the streams this user may have open on this server, until the scope ends. */
    readonly admit: (userId: UserId) => Effect.Effect<void, TooManyStreams, Scope.Scope>
    /** Waits for the thread's turn before; only the looks at it count as work `within`. */
    readonly begin: (
      userId: UserId,
      threadId: string,
      within: Within
    ) => Effect.Effect<Held, NotFound | Conflict | DbUnavailable, Scope.Scope>
    /** A thread that `create` makes, held from its first moment. */
    readonly beginNew: <E extends { readonly _tag: string }>(
      userId: UserId,
      thread: ThreadMetadata,
      create: (turn: string) => Effect.Effect<void, E>
    ) => Effect.Effect<Held, E, Scope.Scope>
    /**
     * What is left to store when a turn ends. A few at a time: a thousand clients that leave at once
     * would otherwise keep each other waiting until it is too late for all.
     */
    readonly atEnd: <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  }
>()("effect-chatkit/turns/TurnLeases") {
  static readonly layer = (options: { readonly streamsPerUser: number }) =>
    Layer.effect(
      Turns,
      Effect.gen(function* () {
        const store = yield* ThreadStore
        const open = new Map<UserId, number>()
        const running = new Set<string>()
        const waiting = new Map<string, Array<() => void>>()
        const ending = yield* Semaphore.make(endingAtOnce)

        yield* Effect.suspend(() =>
          running.size === 0 ? Effect.void : Effect.ignore(store.prolongTurns([...running]))
        ).pipe(Effect.repeat(Schedule.spaced(turnLease / 3)), Effect.forkScoped)

        const admit = Effect.fnUntraced(function* (userId: UserId) {
          const streams = open.get(userId) ?? 0
          if (streams >= options.streamsPerUser) return yield* new TooManyStreams()
          yield* Effect.acquireRelease(
            Effect.sync(() => open.set(userId, streams + 1)),
            () =>
              Effect.sync(() => {
                const left = (open.get(userId) ?? 1) - 1
                if (left === 0) open.delete(userId)
                else open.set(userId, left)
              })
          )
        })

        /** Until the turn before has ended here, or might have elsewhere. */
        const pause = (threadId: string) =>
          Effect.callback<void>((resume) => {
            const wake = () => resume(Effect.void)
            const queue = waiting.get(threadId) ?? []
            waiting.set(threadId, [...queue, wake])
            return Effect.sync(() => leave(threadId, wake))
          }).pipe(Effect.timeoutOption(lookEvery), Effect.asVoid)

        const leave = (threadId: string, wake: () => void) => {
          const queue = (waiting.get(threadId) ?? []).filter((other) => other !== wake)
          if (queue.length === 0) waiting.delete(threadId)
          else waiting.set(threadId, queue)
        }

        const end = (userId: UserId, threadId: string, turn: string) =>
          Effect.suspend(() => {
            if (!running.delete(turn)) return Effect.void
            // Without an answer the lease runs out by itself.
            return Effect.ignore(ending.withPermit(store.endTurn(userId, threadId, turn)))
          }).pipe(
            Effect.andThen(
              Effect.sync(() => {
                const [next] = waiting.get(threadId) ?? []
                if (next === undefined) return
                leave(threadId, next)
                next()
              })
            )
          )

        const hold = <A, E extends { readonly _tag: string }>(
          userId: UserId,
          threadId: string,
          acquire: (turn: string) => Effect.Effect<A, E>
        ) =>
          Effect.gen(function* () {
            const turn = crypto.randomUUID()
            // Released even where the answer to taking it never came.
            yield* Effect.addFinalizer(() => end(userId, threadId, turn))
            running.add(turn)
            const acquired = yield* Effect.tapError(acquire(turn), (error) =>
              Effect.sync(() => error._tag === "NotFound" && running.delete(turn))
            )
            return [turn, acquired] as const
          })

        return {
          admit,
          atEnd: (work) => ending.withPermit(work),
          begin: Effect.fnUntraced(function* (userId, threadId, within) {
            const wait = yield* TurnWait
            const take = (turn: string) =>
              settled(within(store.beginTurn(userId, threadId, turn))).pipe(
                Effect.tapErrorTag("TurnTaken", () => pause(threadId)),
                Effect.retry({ while: (error) => error._tag === "TurnTaken" }),
                Effect.timeoutOrElse({ duration: wait, orElse: () => Effect.fail(busy) })
              )
            const [turn, thread] = yield* hold(userId, threadId, take)
            return { turn, thread }
          }),
          beginNew: Effect.fnUntraced(function* (userId, thread, create) {
            const [turn] = yield* hold(userId, thread.id, (turn) => settled(create(turn)))
            return { turn, thread }
          })
        }
      })
    )
}
