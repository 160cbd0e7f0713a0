import { type Cause, Effect, Queue, Stream } from "effect"
import type { ThreadStreamEvent } from "../protocol/Events.ts"

/**
 * The way of a turn's events, in batches, from the server's scope to the turn's one reader. It
 * holds none itself: the turn waits until the reader has taken a batch, so a slow client applies
 * back-pressure to the responder. It ends with the turn, and never fails. An empty batch says
 * nothing.
 */
export type TurnEvents = Queue.Queue<ReadonlyArray<ThreadStreamEvent>, Cause.Done>

export const make: Effect.Effect<TurnEvents> = Queue.bounded(0)

/** Returns once the reader has taken the events; at once where there are none. */
export const send = (
  turn: TurnEvents,
  events: ReadonlyArray<ThreadStreamEvent>
): Effect.Effect<unknown> => (events.length === 0 ? Effect.void : Queue.offer(turn, events))

/** The events one by one, to be read once. */
export const toStream = (turn: TurnEvents): Stream.Stream<ThreadStreamEvent> =>
  Stream.flattenIterable(Stream.fromQueue(turn))
