import { Context, Effect, Layer, type Scope, Stream } from "effect"
import { CurrentUser } from "../auth/CurrentUser.ts"
import { within } from "../core/TimeBudget.ts"
import { span } from "../core/Span.ts"
import { Conflict } from "../core/Errors.ts"
import { type TooManyStreams } from "../turns/Errors.ts"
import { AttachmentLinks } from "../attachments/AttachmentLinks.ts"
import { AttachmentRules } from "../attachments/AttachmentRules.ts"
import { type Document, document, type DocumentRefusal } from "./NonStreaming.ts"
import type { ThreadStreamEvent } from "../protocol/Events.ts"
import { Ids } from "../core/Ids.ts"
import { openThread, openTurn } from "./Streaming.ts"
import { pipeline } from "../turns/TurnRunner.ts"
import {
  type ChatKitRequest,
  inFull,
  isStreaming,
  type StreamingOperation
} from "../protocol/Requests.ts"
import { Responder } from "../responder/Responder.ts"
import { ThreadStore } from "../threads/ThreadStore.ts"
import { Turns } from "../turns/TurnLeases.ts"

/** A document, or events until the turn is over. A stream never fails: its failure is an event. */
export type Reply = Document | Stream.Stream<ThreadStreamEvent>

export type Refusal = DocumentRefusal | TooManyStreams

type Services = AttachmentLinks | AttachmentRules | Ids | Responder | ThreadStore | Turns

/**
 * Answers one ChatKit request of the current user. What can be found wrong before the first event
 * is an ordinary failure, and nothing is stored then. A stream holds its thread until the scope
 * ends, and is cancelled when the scope ends first.
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
      // These and no more: whatever else is around belongs to the request.
      const services = Context.pick(
        AttachmentLinks,
        AttachmentRules,
        Ids,
        Responder,
        ThreadStore,
        Turns
      )(yield* Effect.context<Services>())
      const isThere = <I, S>(context: Context.Context<never>, key: Context.Key<I, S>) =>
        Context.getOrUndefined(context, key) === Context.getOrUndefined(services, key)
      // To merge two contexts is to copy both, and the request's usually has all of them.
      const withServices = (context: Context.Context<never>): Context.Context<Services> =>
        isThere(context, AttachmentLinks) &&
        isThere(context, AttachmentRules) &&
        isThere(context, Ids) &&
        isThere(context, Responder) &&
        isThere(context, ThreadStore) &&
        isThere(context, Turns)
          ? (context as Context.Context<Services>)
          : Context.merge(context, services)
      return {
        process: (request): Effect.Effect<Reply, Refusal, CurrentUser | Scope.Scope> => {
          const operation = inFull(request)
          const reply: Effect.Effect<Reply, Refusal, CurrentUser | Scope.Scope | Services> =
            isStreaming(operation)
              ? stream(operation)
              : Effect.flatMap(within("ChatKit.process"), (within) => document(operation, within))
          return span("ChatKit.process")(provided(reply, withServices))
        }
      }
    })
  )
}

const provided = <A, E, R>(
  effect: Effect.Effect<A, E, R | Services>,
  withServices: (context: Context.Context<never>) => Context.Context<Services>
): Effect.Effect<A, E, Exclude<R, Services>> =>
  Effect.updateContext(
    effect,
    (context: Context.Context<Exclude<R, Services>>) =>
      withServices(context as Context.Context<never>) as Context.Context<R | Services>
  )

const stream = Effect.fnUntraced(
  function* (operation: StreamingOperation) {
    const user = yield* CurrentUser
    yield* (yield* Turns).admit(user.userId)
    const pieces = yield* within("ChatKit.process")
    const opening = yield* operation.type === "threads.create"
      ? openThread(operation.params, pieces)
      : openTurn(operation, pieces)
    const { answer, events, held, upTo } = opening
    const answering = yield* pipeline({
      held,
      answer,
      streamOptions: (yield* Responder).streamOptions(held.thread),
      ...(upTo === undefined ? {} : { upTo })
    })
    return Stream.concat(Stream.fromIterable(events), answering)
  },
  Effect.catchTag(
    "TurnLost",
    () => new Conflict({ reason: "This thread was taken by another turn, or deleted" })
  )
)
