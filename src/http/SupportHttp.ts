import { Effect, Stream } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { Api } from "../api/Api.ts"
import { ChatKit } from "../chatkit/ChatKit.ts"
import { Deadline } from "../core/TimeBudget.ts"
import { Timeouts } from "../core/Timeouts.ts"
import { chatKitBody } from "./ChatKitBody.ts"
import { Draining } from "./Draining.ts"
import { RequestContext } from "./RequestContext.ts"
import { sse } from "./Sse.ts"

export const SupportHttp = HttpApiBuilder.group(
  Api,
  "support",
  Effect.fnUntraced(function* (handlers) {
    const chatKit = yield* ChatKit
    const draining = yield* Draining
    const { request } = yield* Timeouts
    return handlers.handleRaw(
      "chatkit",
      Effect.fnUntraced(function* (call) {
        const payload = yield* chatKitBody(call.request)
        const { authenticatedIn } = yield* RequestContext
        const reply = yield* Effect.provideService(
          chatKit.process(payload),
          Deadline,
          request - authenticatedIn
        )
        return Stream.isStream(reply)
          ? yield* Effect.provideService(sse(reply), Draining, draining)
          : HttpServerResponse.jsonUnsafe(reply)
      })
    )
  })
)
