import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { Api } from "../api/Api.ts"
import { ChatKit } from "../chatkit/ChatKit.ts"
import { chatKitBody } from "./ChatKitBody.ts"
import { Draining } from "./Draining.ts"
import { isTurnEvents } from "../turns/TurnEvents.ts"
import { sse } from "./Sse.ts"

export const SupportHttp = HttpApiBuilder.group(
  Api,
  "support",
  Effect.fnUntraced(function* (handlers) {
    const chatKit = yield* ChatKit
    const draining = yield* Draining
    return handlers.handleRaw(
      "chatkit",
      Effect.fnUntraced(function* (call) {
        const payload = yield* chatKitBody(call.request)
        const reply = yield* chatKit.process(payload)
        return isTurnEvents(reply)
          ? yield* sse(draining, reply)
          : HttpServerResponse.jsonUnsafe(reply)
      })
    )
  })
)
