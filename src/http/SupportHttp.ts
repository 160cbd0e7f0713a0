import { Cause, Effect, Exit } from "effect"
import type { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { Api } from "../api/Api.ts"
import { BodyTooLarge } from "../api/Refused.ts"
import type { CurrentUser } from "../auth/CurrentUser.ts"
import { ChatKit, type Refusal, type Reply } from "../chatkit/ChatKit.ts"
import type { StreamingRefusal } from "../chatkit/Streaming.ts"
import { InvalidRequest } from "../core/Errors.ts"
import { type ChatKitRequest, isStreamingType } from "../protocol/Requests.ts"
import { RunningTurn } from "../turns/TurnRunner.ts"
import { type BodyRefusal, chatKitBodies } from "./body/ChatKitBody.ts"
import { Draining } from "./Draining.ts"
import { jsonAnswer } from "./JsonAnswer.ts"
import { sse, sseOf } from "./Sse.ts"
import { asksForStream, refusedEvents } from "./StreamRefusals.ts"

export const SupportHttp = HttpApiBuilder.group(
  Api,
  "support",
  Effect.fnUntraced(function* (handlers) {
    const chatKit = yield* ChatKit
    const draining = yield* Draining
    const bodyOf = yield* chatKitBodies

    const answered = (request: ChatKitRequest) =>
      Effect.flatMap(chatKit.process(request), documentOf)

    /** A refusal has its own status. */
    const withStatus = Effect.fnUntraced(function* (body: Body) {
      const reply = yield* answered(yield* body)
      if (!(reply instanceof RunningTurn)) return reply
      yield* reply.started
      return yield* sse(draining, reply.events, Effect.succeed([]))
    })

    /** A refusal is the last event of a stream, which is open while the turn waits to start. */
    const inStream = Effect.fnUntraced(function* (read: Body) {
      const body = yield* Effect.exit(read)
      const type = operationOf(body)
      if (type !== undefined && !isStreamingType(type)) return yield* withStatus(body)
      const refusal = (cause: Cause.Cause<Refusal | BodyRefusal>) =>
        refusedEvents(cause, type === "threads.retry_after_item")
      const reply = yield* Effect.exit(Effect.flatMap(body, answered))
      if (Exit.isFailure(reply)) return sseOf(yield* refusal(reply.cause))
      if (!(reply.value instanceof RunningTurn)) return reply.value
      const { events, started } = reply.value
      return yield* sse(
        draining,
        events,
        Effect.matchCauseEffect(started, {
          onFailure: refusal,
          onSuccess: () => Effect.succeed([])
        })
      )
    })

    return handlers.handleRaw("chatkit", ({ request }) =>
      (asksForStream(request.headers["accept"]) ? inStream : withStatus)(bodyOf(request))
    )
  })
)

type Body = Effect.Effect<ChatKitRequest, BodyRefusal, CurrentUser>

const documentOf = (
  reply: Reply
): Effect.Effect<RunningTurn<StreamingRefusal> | HttpServerResponse.HttpServerResponse> =>
  reply instanceof RunningTurn ? Effect.succeed(reply) : jsonAnswer(reply)

/** The operation that a body asks for, as far as it is known; undefined for the short form. */
const operationOf = (body: Exit.Exit<ChatKitRequest, BodyRefusal>) => {
  if (Exit.isSuccess(body)) return body.value.type
  const failure = Cause.squash(body.cause)
  if (failure instanceof BodyTooLarge && failure.sent === "recording") return "input.transcribe"
  return failure instanceof InvalidRequest ? failure.operation : undefined
}
