import { Effect, Stream } from "effect"
import { AiError, type Response } from "effect/ai"

type Parts = ReadonlyArray<Response.StreamPartEncoded> | AiError.AiError

/** The parts of one answer: the meaning of each event, and of the end of the stream. */
export interface PartDecoder {
  readonly next: (event: unknown) => Parts
  readonly end: () => Parts
}

const orFail = (parts: Parts) =>
  AiError.isAiError(parts) ? Effect.fail(parts) : Effect.succeed(parts)

/** Decodes the events of one answer; each run has a decoder of its own. */
export const decoded = (
  events: Stream.Stream<unknown, AiError.AiError>,
  make: () => PartDecoder
): Stream.Stream<Response.StreamPartEncoded, AiError.AiError> =>
  Stream.suspend(() => {
    const decoder = make()
    return Stream.mapEffect(events, (event) => orFail(decoder.next(event))).pipe(
      Stream.concat(Stream.fromEffect(Effect.suspend(() => orFail(decoder.end())))),
      Stream.flattenIterable
    )
  })
