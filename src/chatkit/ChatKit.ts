import { Context, Effect, Layer, type Scope } from "effect"
import type { CurrentUser } from "../auth/CurrentUser.ts"
import { span } from "../core/Span.ts"
import { type ChatKitRequest, expandShorthand, isStreaming } from "../protocol/Requests.ts"
import {
  makeNonStreaming,
  type NonStreamingAnswer,
  type NonStreamingRefusal
} from "./NonStreaming.ts"
import type { RunningTurn } from "../turns/TurnRunner.ts"
import { makeStreaming, type StreamingRefusal } from "./Streaming.ts"

/** One JSON answer, or a turn: once it has started, a failure is an event too. */
export type Reply = NonStreamingAnswer | RunningTurn<StreamingRefusal>

export type Refusal = NonStreamingRefusal | StreamingRefusal

/**
 * Answers one ChatKit request of the current user. A request that is refused, or a turn that cannot
 * start, stores nothing. A turn is cancelled when the scope ends first.
 */
export class ChatKit extends Context.Service<
  ChatKit,
  {
    readonly process: (
      request: ChatKitRequest
    ) => Effect.Effect<Reply, Refusal, CurrentUser | Scope.Scope>
  }
>()("effect-chatkit/chatkit/ChatKit") {
  static readonly layer = Layer.effect(
    ChatKit,
    Effect.gen(function* () {
      const streaming = yield* makeStreaming
      const nonStreaming = yield* makeNonStreaming
      return {
        process: (request): Effect.Effect<Reply, Refusal, CurrentUser | Scope.Scope> => {
          const operation = expandShorthand(request)
          const reply: Effect.Effect<Reply, Refusal, CurrentUser | Scope.Scope> = isStreaming(
            operation
          )
            ? streaming(operation)
            : nonStreaming(operation)
          return span("ChatKit.process")(reply)
        }
      }
    })
  )
}
