import { Effect, Result, Schema } from "effect"
import type { HttpServerRequest } from "effect/http"
import { CurrentUser } from "../../auth/CurrentUser.ts"
import { isNode, type Node, wellFormedText } from "../../protocol/Json.ts"
import { ChatKitRequest, operationTypes } from "../../protocol/Requests.ts"
import { InvalidRequest, type TooManyRequests } from "../../core/Errors.ts"
import { UserLimits } from "../../core/UserLimits.ts"
import { type BodyTooLarge, ContentEncodingRefused, Refused } from "../../api/Refused.ts"
import { sentenceOf } from "./BodyErrors.ts"
import { tooManyParts } from "./JsonBounds.ts"
import { lostDigits } from "./LostDigits.ts"
import { requestBodies } from "./RequestBody.ts"

/** Why a body is no request that is taken. */
export type BodyRefusal =
  InvalidRequest | TooManyRequests | BodyTooLarge | Refused | ContentEncodingRefused

/** A body without a type would be answered with the types of all operations. */
const notAnObject = new InvalidRequest({
  problem: "Invalid request body: it is not a JSON object"
})

const decode = Schema.decodeUnknownResult(ChatKitRequest)
const utf8 = new TextDecoder()

/**
 * Reads the ChatKit request in a body, once its user may send one of that size. Fails with `Refused`
 * (415) when it is said not to be JSON, with `BodyTooLarge` or `TooManyRequests`, and with
 * `InvalidRequest` naming the field that is wrong.
 */
export const chatKitBodies = Effect.gen(function* () {
  const { read, refuse } = yield* requestBodies
  const { takeBody } = yield* UserLimits

  const allowed = (bytes: Uint8Array) =>
    Effect.flatMap(CurrentUser, ({ userId }) => takeBody(userId, bytes.length))

  return (
    request: HttpServerRequest.HttpServerRequest
  ): Effect.Effect<ChatKitRequest, BodyRefusal, CurrentUser> => {
    if (!isJson(request.headers["content-type"])) return new Refused({ status: 415 })
    const encoding = request.headers["content-encoding"]
    if (encoding !== undefined && encoding.toLowerCase() !== "identity") {
      const named = /^[a-z0-9-]{1,20}$/i.test(encoding) ? encoding.toLowerCase() : "unknown"
      return new ContentEncodingRefused({ encoding: named })
    }
    return Effect.flatMap(read(request), ({ bytes, isLarge }) =>
      Effect.flatMap(
        Effect.flatMap(allowed(bytes), () => requestIn(utf8.decode(bytes))),
        (request) =>
          // The last `type` counts, and it was judged by the first.
          isLarge && request.type !== "input.transcribe"
            ? refuse("message")
            : Effect.succeed(request)
      )
    )
  }
})

const requestIn = (text: string): Effect.Effect<ChatKitRequest, InvalidRequest> => {
  const tooMany = tooManyParts(text)
  if (tooMany !== undefined) {
    return new InvalidRequest({ problem: `Invalid request body: ${tooMany}` })
  }
  let value: unknown
  try {
    if (text !== "") value = JSON.parse(wellFormedText(text))
  } catch {
    return new InvalidRequest({ problem: "Invalid request body: it is not JSON" })
  }
  if (!isNode(value) || Array.isArray(value)) return notAnObject
  const field = lostDigits(text)
  if (field !== undefined) {
    return new InvalidRequest({
      problem: `Invalid request: ${field} has more digits than a number keeps: send it as a string`,
      operation: operationIn(value)
    })
  }
  const decoded = decode(value)
  return Result.isSuccess(decoded)
    ? Effect.succeed(decoded.success)
    : new InvalidRequest({
        problem: sentenceOf(decoded.failure.issue),
        operation: operationIn(value)
      })
}

const operationIn = (body: Node) => operationTypes.find((type) => body["type"] === type)

const isJson = (type: string | undefined) =>
  type === undefined || type.split(";", 1)[0]!.trim().toLowerCase() === "application/json"
