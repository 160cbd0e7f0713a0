import { Effect, Stream } from "effect"
import { AttachmentEmpty, AttachmentTooLarge, type SizeLimit } from "./Errors.ts"

/** Passes the bytes through: at least one, and no more than `limit` allows. */
export const ofSize =
  (limit: SizeLimit) =>
  <E>(
    bytes: Stream.Stream<Uint8Array, E>
  ): Stream.Stream<Uint8Array, E | AttachmentTooLarge | AttachmentEmpty> =>
    Stream.suspend(() => {
      let length = 0
      const count = (chunk: Uint8Array) => {
        length += chunk.length
        return length > limit.bytes ? Effect.fail(new AttachmentTooLarge({ limit })) : Effect.void
      }
      const end = Effect.suspend(() =>
        length === 0 ? Effect.fail(new AttachmentEmpty()) : Effect.void
      )
      return Stream.concat(Stream.tap(bytes, count), Stream.drain(Stream.fromEffect(end)))
    })
