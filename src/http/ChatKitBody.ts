import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { Effect, Result, Schema } from "effect"
import { HttpIncomingMessage, type HttpServerRequest } from "effect/http"
import { wellFormed } from "../protocol/Json.ts"
import { ChatKitRequest, operationTypes } from "../protocol/Requests.ts"
import { InvalidRequest } from "../core/Errors.ts"
import { ContentEncodingRefused, Refused } from "../api/Refused.ts"
import { sentenceOf } from "./BodyErrors.ts"
import { tooManyParts } from "./JsonBounds.ts"

/** A list has no type, so the schema would answer it with the types of all operations. */
const notAnObject = new InvalidRequest({
  problem: "Invalid request body: it is not a JSON object"
})

const decode = Schema.decodeUnknownResult(ChatKitRequest)
const utf8 = new TextDecoder()

/**
 * The ChatKit request in the body. Fails with `Refused` (415) when it is said not to be JSON, and
 * with `InvalidRequest` naming the field that is wrong; one larger than `BODY_LIMIT` is refused
 * by the platform (413).
 */
export const chatKitBody = (request: HttpServerRequest.HttpServerRequest) => {
  if (!isJson(request.headers["content-type"])) return Effect.fail(new Refused({ status: 415 }))
  const encoding = request.headers["content-encoding"]
  if (encoding !== undefined && encoding.toLowerCase() !== "identity") {
    const named = /^[a-z0-9-]{1,20}$/i.test(encoding) ? encoding.toLowerCase() : "unknown"
    return Effect.fail(new ContentEncodingRefused({ encoding: named }))
  }
  return Effect.flatMap(textOf(request), (text) => {
    const tooMany = tooManyParts(text)
    if (tooMany !== undefined) {
      return Effect.fail(new InvalidRequest({ problem: `Invalid request body: ${tooMany}` }))
    }
    let value: unknown
    try {
      if (text !== "") value = JSON.parse(text)
      if (halfCharacter.test(text)) value = wellFormed(value)
    } catch {
      return Effect.fail(new InvalidRequest({ problem: "Invalid request body: it is not JSON" }))
    }
    if (Array.isArray(value)) return Effect.fail(notAnObject)
    const decoded = decode(value)
    return Result.isSuccess(decoded)
      ? Effect.succeed(decoded.success)
      : Effect.fail(
          new InvalidRequest({
            problem: sentenceOf(decoded.failure.issue),
            operation: operationIn(value)
          })
        )
  })
}

const operationIn = (body: unknown) =>
  operationTypes.find(
    (type) => typeof body === "object" && body !== null && "type" in body && body.type === type
  )

/** In UTF-8 half a character can only be written as an escape. */
const halfCharacter = /\\ud[89a-f]/i

const isJson = (type: string | undefined) =>
  type === undefined || type.split(";", 1)[0]!.trim().toLowerCase() === "application/json"

/** By the time authentication has finished, the body has usually arrived and can be read at once. */
const textOf = (request: HttpServerRequest.HttpServerRequest): Effect.Effect<string> =>
  Effect.withFiber((fiber) => {
    if (!("readableLength" in request.source)) return Effect.orDie(request.text)
    const source = NodeHttpServerRequest.toIncomingMessage(request)
    const limit = fiber.getRef(HttpIncomingMessage.MaxBodySize) ?? Infinity
    const { complete, readableLength } = source
    if (!complete || readableLength === 0 || readableLength > limit)
      return Effect.orDie(request.text)
    const bytes = source.read() as Buffer | null
    return bytes === null ? Effect.orDie(request.text) : Effect.succeed(utf8.decode(bytes))
  })
