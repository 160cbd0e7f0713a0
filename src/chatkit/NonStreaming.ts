import { Effect } from "effect"
import { Attachments } from "../attachments/Attachments.ts"
import type { FileNotTaken } from "../attachments/Errors.ts"
import { mediaTypeOf } from "../attachments/MediaTypes.ts"
import { CurrentUser } from "../auth/CurrentUser.ts"
import { Admission } from "../core/Admission.ts"
import {
  type Conflict,
  type DbUnavailable,
  InvalidRequest,
  NotFound,
  type TooManyRequests
} from "../core/Errors.ts"
import type { UserId } from "../core/User.ts"
import type { Attachment } from "../protocol/Attachments.ts"
import { decodeBase64 } from "../protocol/Base64.ts"
import { isHidden, ThreadItem } from "../protocol/Items.ts"
import type { NonStreamingOperation, Params } from "../protocol/Requests.ts"
import { type Page, type PageQuery, type Thread, toThread } from "../protocol/Threads.ts"
import { ResponderFailed } from "../responder/Errors.ts"
import { Responder } from "../responder/Responder.ts"
import { decoderOf } from "../responder/StreamErrors.ts"
import { ThreadStore } from "../threads/ThreadStore.ts"
import { itemPages } from "./ItemPages.ts"
import { loadSender } from "./VisibleItems.ts"

/** The answer to an operation that does not stream; `{}` where there is nothing to say. */
export type NonStreamingAnswer =
  | Thread
  | Page<Thread>
  | Page<ThreadItem>
  | Attachment
  | { readonly text: string }
  | { readonly updated_item: ThreadItem }
  | { readonly [key: string]: never }

export type NonStreamingRefusal =
  | NotFound
  | Conflict
  | InvalidRequest
  | TooManyRequests
  | ResponderFailed
  | FileNotTaken
  | DbUnavailable

/** The reference's page size, and the limit of one page: the client asks for 9999. */
const defaultLimit = 20
const maxLimit = 500

const pageQuery = ({ after, limit, order }: Params<"threads.list">): PageQuery => ({
  after,
  order,
  limit: limit === null || limit < 1 ? defaultLimit : Math.min(limit, maxLimit)
})

/** Characters (UTF-16 code units) of a title, and items of one feedback: more than a page sends. */
const maxTitle = 1_000
const maxFeedbackItems = 1_000

const noRoom = "Invalid request: params.title finds no room in this thread"

const decodeItem = decoderOf(ThreadItem)

/** A list finds everything but the row that it is to begin after, which may be deleted by now. */
const fromCursor = <A, E>(list: Effect.Effect<A, E | NotFound>) =>
  Effect.mapError(list, (error) =>
    error instanceof NotFound ? new NotFound({ object: "Cursor" }) : error
  )

/** Outside a stream the client learns only that the responder failed; the log has the cause. */
const ofResponder = <A, R>(work: Effect.Effect<A, unknown, R>) =>
  Effect.catchCause(work, (cause) =>
    Effect.andThen(
      Effect.logError("responder failed", cause),
      Effect.fail(new ResponderFailed({ reason: "failed" }))
    )
  )

/** Answers the operations that do not stream. */
export const makeNonStreaming = Effect.gen(function* () {
  const store = yield* ThreadStore
  const attachments = yield* Attachments
  const responder = yield* Responder
  const { admitted } = yield* Admission
  const pages = yield* itemPages

  const threadsGetById = (userId: UserId, threadId: string) =>
    Effect.map(pages.thread(userId, threadId, defaultLimit), ({ items, thread }) =>
      toThread(thread, items)
    )

  const threadsList = Effect.fnUntraced(function* (userId: UserId, params: Params<"threads.list">) {
    const page = yield* fromCursor(store.loadThreads(userId, pageQuery(params)))
    return { ...page, data: page.data.map((thread) => toThread(thread)) }
  })

  const itemsFeedback = Effect.fnUntraced(function* (
    userId: UserId,
    { item_ids, kind, thread_id }: Params<"items.feedback">
  ) {
    if (item_ids.length > maxFeedbackItems) {
      return yield* new InvalidRequest({
        problem: "Invalid request: params.item_ids names more than 1,000 items"
      })
    }
    const thread = yield* admitted(userId)(store.loadThread(userId, thread_id))
    yield* ofResponder(responder.addFeedback({ thread, item_ids, kind }))
    return {}
  })

  const inputTranscribe = Effect.fnUntraced(function* ({
    audio_base64,
    mime_type
  }: Params<"input.transcribe">) {
    const audio = decodeBase64(audio_base64)
    if (audio === undefined) {
      return yield* new InvalidRequest({
        problem: "Invalid request: params.audio_base64 is not valid base64"
      })
    }
    const media_type = mediaTypeOf(mime_type)
    const { text } = yield* ofResponder(responder.transcribe({ audio, mime_type, media_type }))
    return { text }
  })

  const syncCustomAction = Effect.fnUntraced(function* (
    userId: UserId,
    { action, item_id, thread_id }: Params<"threads.sync_custom_action">
  ) {
    const [thread, sender] = yield* admitted(userId)(
      Effect.all([
        store.loadThread(userId, thread_id),
        loadSender(store, userId, thread_id, item_id)
      ])
    )
    const updated_item = yield* ofResponder(
      Effect.gen(function* () {
        const item = yield* responder.syncAction({ thread, action, sender })
        return item === undefined ? undefined : yield* Effect.fromResult(decodeItem(item))
      })
    )
    return updated_item === undefined || isHidden(updated_item) ? {} : { updated_item }
  })

  const answer = (
    { params, type }: NonStreamingOperation,
    userId: UserId
  ): Effect.Effect<NonStreamingAnswer, NonStreamingRefusal, CurrentUser> => {
    const inPlace = admitted(userId)
    switch (type) {
      case "threads.get_by_id":
        return threadsGetById(userId, params.thread_id)
      case "threads.list":
        return inPlace(threadsList(userId, params))
      case "threads.update": {
        const { thread_id, title } = params
        if (title.length > maxTitle) {
          return Effect.fail(
            new InvalidRequest({
              problem: "Invalid request: params.title is longer than 1,000 characters"
            })
          )
        }
        const updated = store.updateThread(userId, thread_id, { title })
        return inPlace(Effect.map(updated, (thread) => toThread(thread))).pipe(
          Effect.catchTag("TooLargeToStore", () => new InvalidRequest({ problem: noRoom }))
        )
      }
      case "threads.delete":
        return inPlace(Effect.as(store.deleteThread(userId, params.thread_id), {}))
      case "items.list":
        return fromCursor(pages.items(userId, params.thread_id, pageQuery(params)))
      case "items.feedback":
        return itemsFeedback(userId, params)
      case "attachments.create":
        return inPlace(attachments.create(userId, params))
      case "attachments.delete":
        return inPlace(Effect.as(attachments.remove(userId, params.attachment_id), {}))
      case "input.transcribe":
        return inputTranscribe(params)
      case "threads.sync_custom_action":
        return syncCustomAction(userId, params)
    }
  }
  return (operation: NonStreamingOperation) =>
    Effect.flatMap(CurrentUser, ({ userId }) => answer(operation, userId))
})
