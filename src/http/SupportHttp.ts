import { Effect, Stream } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Api } from "../api/Api.ts"
import { ChatKit } from "../chatkit/ChatKit.ts"
import type { ThreadStreamEvent } from "../chatkit/Events.ts"
import { DbUnavailable } from "../domain/Errors.ts"
import { Patience } from "../domain/Patience.ts"
import { Draining } from "./Draining.ts"
import { RequestContext } from "./RequestContext.ts"
import { sse } from "./Sse.ts"

export const SupportHttp = HttpApiBuilder.group(
  Api,
  "support",
  Effect.fnUntraced(function* (handlers) {
    const chatKit = yield* ChatKit
    const draining = yield* Draining
    const { request } = yield* Patience
    const stream = (events: Stream.Stream<ThreadStreamEvent>) =>
      Effect.provideService(sse(events), Draining, draining)
    return handlers.handle(
      "chatkit",
      Effect.fnUntraced(function* ({ payload }) {
        const { authenticatedIn } = yield* RequestContext
        const reply = yield* chatKit.process(payload).pipe(
          Effect.timeoutOrElse({
            duration: Math.max(0, request - authenticatedIn),
            orElse: () => new DbUnavailable({ operation: "ChatKit.process" })
          })
        )
        return Stream.isStream(reply) ? yield* stream(reply) : reply
      })
    )
  })
)
