import { Effect, Stream } from "effect"
import { AttachmentTooLarge, UploadMalformed } from "./Errors.ts"

/** Passes the bytes through: at least one, and no more than `limit`. */
export const ofSize =
  (limit: number) =>
  <E>(
    bytes: Stream.Stream<Uint8Array, E>
  ): Stream.Stream<Uint8Array, E | AttachmentTooLarge | UploadMalformed> =>
    Stream.suspend(() => {
      let length = 0
      const count = (chunk: Uint8Array) => {
        length += chunk.length
        return length > limit ? Effect.fail(new AttachmentTooLarge()) : Effect.void
      }
      const end = Effect.suspend(() =>
        length === 0 ? Effect.fail(new UploadMalformed()) : Effect.void
      )
      return Stream.concat(Stream.tap(bytes, count), Stream.drain(Stream.fromEffect(end)))
    })
