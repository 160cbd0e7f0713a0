import { Array as Arr, Cause, Effect, Semaphore } from "effect"
import type { ResponseEventInput, ThreadStreamEvent } from "../protocol/Events.ts"
import type { Turn } from "../responder/Turn.ts"
import * as TurnEvents from "./TurnEvents.ts"
import type { TurnRecorder } from "./TurnRecorder.ts"

/** Batch limit, so that a slow client applies back-pressure to the responder. */
const batchSize = 64

/**
 * Records events and sends them, in one order for those that the answer yields and those that its
 * tools emit. After a failure nothing is recorded any more: all that follows fails with it.
 */
export const turnEmitter = (recorder: TurnRecorder, events: TurnEvents.TurnEvents) => {
  const turns = Semaphore.makeUnsafe(1)
  let broken: Cause.Cause<unknown> | undefined
  let isOver = false

  /** Sends also those events that come before a failure. */
  const sendBatch = Effect.fnUntraced(function* (inputs: ReadonlyArray<ResponseEventInput>) {
    if (isOver) return
    if (broken !== undefined) return yield* Effect.failCause(broken)
    const batch: Array<ThreadStreamEvent> = []
    const recorded = yield* Effect.gen(function* () {
      for (const input of inputs) batch.push(...(yield* recorder.record(input)))
    }).pipe(
      Effect.onError((cause) =>
        Effect.sync(() => {
          if (!Cause.hasInterruptsOnly(cause)) broken = cause
        })
      ),
      Effect.exit
    )
    yield* TurnEvents.send(events, batch)
    return yield* recorded
  }, turns.withPermit)

  const sendAll = (inputs: ReadonlyArray<ResponseEventInput>): Effect.Effect<void, unknown> =>
    inputs.length <= batchSize
      ? sendBatch(inputs)
      : Effect.forEach(Arr.chunksOf(inputs, batchSize), sendBatch, { discard: true })

  const emit: Turn["emit"] = (...inputs) => Effect.orDie(sendAll(inputs))

  /** From now on nothing is recorded or sent. */
  const end = Effect.sync(() => {
    isOver = true
  })

  return { emit, sendAll, end }
}
