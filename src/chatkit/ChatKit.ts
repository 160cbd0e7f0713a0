import { Cause, Context, Effect, Layer, Stream } from "effect"
import { CurrentUser } from "../auth/CurrentUser.ts"
import { type DbUnavailable, NotFound } from "../domain/Errors.ts"
import {
  type Page,
  shown,
  type Thread,
  type ThreadMetadata,
  type UserMessageItem
} from "./Entities.ts"
import { brokenOff, type ResponseEvent, type ThreadStreamEvent } from "./Events.ts"
import { Ids } from "./Ids.ts"
import { type ChatKitRequest, inFull, type UserMessageInput } from "./Requests.ts"
import { Responder } from "./Responder.ts"
import { ThreadStore } from "./ThreadStore.ts"

/** A document, or events until the turn is over. A stream never fails: its failure is an event. */
export type Reply = Thread | Page<Thread> | Stream.Stream<ThreadStreamEvent>

/** The reference's page size, and the most that one page holds (the client asks for 9999). */
const defaultLimit = 20
const maxLimit = 500

const limitOf = (limit: number | null) =>
  limit === null || limit < 1 ? defaultLimit : Math.min(limit, maxLimit)

/**
 * Answers one ChatKit request of the current user. What can be found wrong before the first event
 * is an ordinary failure, and nothing is stored then.
 */
export class ChatKit extends Context.Service<
  ChatKit,
  {
    readonly process: (
      request: ChatKitRequest
    ) => Effect.Effect<Reply, NotFound | DbUnavailable, CurrentUser>
  }
>()("effect-chatkit/chatkit/ChatKit") {
  static readonly layer = Layer.effect(
    ChatKit,
    Effect.gen(function* () {
      const store = yield* ThreadStore
      const responder = yield* Responder
      const ids = yield* Ids

      const newMessage = Effect.fnUntraced(function* (threadId: string, input: UserMessageInput) {
        if (input.attachments.length > 0) return yield* new NotFound({ object: "Attachment" })
        const { content, inference_options, quoted_text } = input
        const message: UserMessageItem = {
          id: yield* ids.make("msg"),
          thread_id: threadId,
          created_at: yield* ids.now,
          type: "user_message",
          content,
          attachments: [],
          ...(quoted_text === null ? {} : { quoted_text }),
          inference_options
        }
        return message
      })

      // An item is stored before its event is sent: what the client was told is done is kept.
      const stored = Effect.fnUntraced(function* (event: ResponseEvent) {
        const { userId } = yield* CurrentUser
        if (event.type === "thread.item.done") yield* store.addItem(userId, event.item)
        return event
      })

      const turn = (thread: ThreadMetadata, message: UserMessageItem) =>
        Effect.map(CurrentUser, (user) =>
          Stream.fromIterable<ThreadStreamEvent>([
            { type: "thread.item.done", item: message },
            { type: "stream_options", stream_options: { allow_cancel: true } }
          ]).pipe(
            Stream.concat(
              responder.respond({ thread, message }).pipe(
                Stream.mapEffect(stored),
                Stream.catchCause((cause) =>
                  Cause.hasInterruptsOnly(cause)
                    ? Stream.empty
                    : Stream.unwrap(
                        Effect.as(Effect.logError("turn failed", cause), Stream.make(brokenOff))
                      )
                )
              )
            ),
            Stream.provideService(CurrentUser, user)
          )
        )

      const create = Effect.fnUntraced(function* (input: UserMessageInput) {
        const { userId } = yield* CurrentUser
        const thread: ThreadMetadata = {
          id: yield* ids.make("thr"),
          created_at: yield* ids.now,
          status: { type: "active" },
          metadata: {}
        }
        const message = yield* newMessage(thread.id, input)
        yield* store.create(userId, thread, message)
        const created: ThreadStreamEvent = { type: "thread.created", thread: shown(thread) }
        return Stream.concat(Stream.make(created), yield* turn(thread, message))
      })

      return {
        process: Effect.fn("ChatKit.process")(function* (request) {
          const { userId } = yield* CurrentUser
          const { params, type } = inFull(request)
          switch (type) {
            case "threads.create":
              return yield* create(params.input)
            case "threads.add_user_message": {
              const thread = yield* store.load(userId, params.thread_id)
              const message = yield* newMessage(thread.id, params.input)
              yield* store.addItem(userId, message)
              return yield* turn(thread, message)
            }
            case "threads.list": {
              const query = { ...params, limit: limitOf(params.limit) }
              const page = yield* store.list(userId, query)
              return { ...page, data: page.data.map((thread) => shown(thread)) }
            }
            case "threads.get_by_id": {
              const thread = yield* store.load(userId, params.thread_id)
              return shown(thread, yield* store.firstItems(userId, thread.id, defaultLimit))
            }
          }
        })
      }
    })
  )
}
