import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { ByteSize, Context, Effect, Stream } from "effect"
import { HttpIncomingMessage, type HttpServerRequest } from "effect/http"
import { BodyTooLarge } from "../../api/Refused.ts"
import { LogBudget } from "../../telemetry/LogBudget.ts"
import { endOfString } from "./JsonBounds.ts"

/** The largest body of a dictation. It counts where it is larger than `MaxBodySize`. */
export const DictationLimit = Context.Reference<ByteSize.ByteSize>(
  "effect-chatkit/http/DictationLimit",
  { defaultValue: () => ByteSize.bytes(0) }
)

export interface Body {
  readonly bytes: Uint8Array
  /** Whether it is larger than any other request may be, and was read as a dictation. */
  readonly isLarge: boolean
}

/**
 * Reads the bodies of requests up to `BODY_LIMIT`, and those of dictations up to `DICTATION_LIMIT`.
 * Beyond `BODY_LIMIT` a dictation may have its recording only, a single string: everything
 * else in a body costs far more than its length to parse. A refusal is one line in the log.
 */
export const requestBodies = Effect.map(LogBudget, ({ make }) => {
  const budget = make("bodies too large", 60)

  const refuse = (sent: BodyTooLarge["sent"]): Effect.Effect<never, BodyTooLarge> =>
    Effect.withFiber((fiber) => {
      const limits = limitsOf((reference) => fiber.getRef(reference))
      const isMessage = sent === "message"
      const atMost = ByteSize.format(ByteSize.bytes(isMessage ? limits.body : limits.dictation))
      return Effect.andThen(
        budget.log("Info", "body too large", () => ({
          setting: isMessage ? "BODY_LIMIT" : "DICTATION_LIMIT",
          limit: atMost
        })),
        new BodyTooLarge({ sent, atMost })
      )
    })

  /** Pulls the body piece by piece: its length is not stated, or is beyond `BODY_LIMIT`. */
  const pulled = (
    request: HttpServerRequest.HttpServerRequest,
    limits: Limits
  ): Effect.Effect<Body, BodyTooLarge> => {
    const pieces: Array<Uint8Array> = []
    let size = 0
    let isDictation = false
    const take = (piece: Uint8Array) => {
      pieces.push(piece)
      size += piece.length
      if (size <= limits.body) return Effect.void
      isDictation ||= beginsDictation(Buffer.concat(pieces))
      if (!isDictation) return refuse("message")
      return size <= limits.dictation ? Effect.void : refuse("recording")
    }
    return request.stream.pipe(
      Stream.runForEach(take),
      Effect.catchTag("HttpServerError", Effect.die),
      Effect.flatMap(() => {
        const bytes = Buffer.concat(pieces)
        return size - recordingIn(bytes, isDictation) > limits.body
          ? refuse("message")
          : Effect.succeed({ bytes, isLarge: isDictation })
      })
    )
  }

  const read = (request: HttpServerRequest.HttpServerRequest): Effect.Effect<Body, BodyTooLarge> =>
    Effect.withFiber((fiber) => {
      const limits = limitsOf((reference) => fiber.getRef(reference))
      const arrived = arrivedBytes(request, limits.body)
      if (arrived !== undefined) return Effect.succeed({ bytes: arrived, isLarge: false })
      const length = Number(request.headers["content-length"] ?? Number.NaN)
      return length <= limits.body
        ? Effect.map(Effect.orDie(request.arrayBuffer), (buffer) => ({
            bytes: new Uint8Array(buffer),
            isLarge: false
          }))
        : pulled(request, limits)
    })

  return { read, refuse }
})

/** Bytes. */
interface Limits {
  readonly body: number
  readonly dictation: number
}

const limitsOf = (get: <A>(reference: Context.Reference<A>) => A): Limits => {
  const body = Number(get(HttpIncomingMessage.MaxBodySize) ?? Infinity)
  return { body, dictation: Math.max(body, Number(get(DictationLimit))) }
}

/** By the time authentication has finished, the body has usually arrived and can be read at once. */
const arrivedBytes = (
  request: HttpServerRequest.HttpServerRequest,
  limit: number
): Uint8Array | undefined => {
  if (!("readableLength" in request.source)) return undefined
  const source = NodeHttpServerRequest.toIncomingMessage(request)
  const { complete, readableLength } = source
  if (!complete || readableLength === 0 || readableLength > limit) return undefined
  return (source.read() as Buffer | null) ?? undefined
}

/** ChatKit's client writes the type first. */
const beginsDictation = (bytes: Buffer) =>
  /"type"\s*:\s*"input\.transcribe"/.test(bytes.toString("latin1", 0, 1024))

/** Bytes of the recording in a dictation, with its quotes. */
const recordingIn = (bytes: Buffer, isDictation: boolean): number => {
  if (!isDictation) return 0
  const text = bytes.toString("latin1")
  const key = /"audio_base64"\s*:\s*"/.exec(text)
  if (key === null) return 0
  const start = key.index + key[0].length - 1
  return endOfString(text, start) - start
}
