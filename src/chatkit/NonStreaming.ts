import { Effect } from "effect"
import { CurrentUser } from "../auth/CurrentUser.ts"
import type { Within } from "../core/TimeBudget.ts"
import {
  type AttachmentTooLarge,
  type AttachmentTypeRefused,
  type TooManyAttachments
} from "../attachments/Errors.ts"
import { Conflict, type DbUnavailable, InvalidRequest, NotFound } from "../core/Errors.ts"
import { ResponderFailed } from "../responder/Errors.ts"
import { AttachmentLinks } from "../attachments/AttachmentLinks.ts"
import { admitted, type AttachmentRules, mediaTypeOf } from "../attachments/AttachmentRules.ts"
import type { Attachment } from "../protocol/Attachments.ts"
import { decodeBase64 } from "../protocol/Base64.ts"
import { reading } from "../responder/StreamErrors.ts"
import { Ids } from "../core/Ids.ts"
import { isHidden, ThreadItem } from "../protocol/Items.ts"
import type { NonStreamingOperation, Params } from "../protocol/Requests.ts"
import { Responder } from "../responder/Responder.ts"
import { withLinks } from "../attachments/ItemLinks.ts"
import { type AttachmentRecord, ThreadStore } from "../threads/ThreadStore.ts"
import { type PageQuery } from "../protocol/Threads.ts"
import { type Page, shown, type Thread } from "../protocol/Threads.ts"

/** The answer to an operation that does not stream. */
export type Document =
  | Thread
  | Page<Thread>
  | Page<ThreadItem>
  | Attachment
  | { readonly text: string }
  | { readonly updated_item: ThreadItem }
  | { readonly [key: string]: never }

export type DocumentRefusal =
  | NotFound
  | Conflict
  | InvalidRequest
  | ResponderFailed
  | TooManyAttachments
  | AttachmentTooLarge
  | AttachmentTypeRefused
  | DbUnavailable

export type DocumentServices = AttachmentLinks | AttachmentRules | Ids | Responder | ThreadStore

/** The reference's page size, and the most that one page holds (the client asks for 9999). */
const defaultLimit = 20
const maxLimit = 500

const pageQuery = ({ after, limit, order }: Params<"threads.list">): PageQuery => ({
  after,
  order,
  limit: limit === null || limit < 1 ? defaultLimit : Math.min(limit, maxLimit)
})

/** An item that the client can know of. */
export const visibleItem = Effect.fnUntraced(function* (thread_id: string, item_id: string) {
  const { userId } = yield* CurrentUser
  const item = yield* (yield* ThreadStore).loadItem(userId, thread_id, item_id)
  return isHidden(item) ? yield* new NotFound({ object: "Item" }) : item
})

/** What a widget's action was sent from; an empty id is none. */
export const senderOf = Effect.fnUntraced(function* (thread_id: string, item_id: string | null) {
  if (item_id === null || item_id === "") return undefined
  const item = yield* visibleItem(thread_id, item_id)
  return item.type === "widget"
    ? item
    : yield* new Conflict({ reason: "An action can only come from a widget" })
})

const readItem = reading(ThreadItem)

/** What a responder fails with, outside a stream, is told to nobody but the log. */
const ofResponder = <A, R>(work: Effect.Effect<A, unknown, R>) =>
  Effect.catchCause(work, (cause) =>
    Effect.andThen(
      Effect.logError("responder failed", cause),
      Effect.fail(new ResponderFailed({ reason: "failed" }))
    )
  )

const threadsGetById = Effect.fnUntraced(function* ({ thread_id }: Params<"threads.get_by_id">) {
  const { userId } = yield* CurrentUser
  const store = yield* ThreadStore
  const thread = yield* store.loadThread(userId, thread_id)
  const page = yield* store.loadThreadItems(userId, thread_id, {
    limit: defaultLimit,
    order: "asc",
    after: null,
    hidden: false
  })
  return shown(thread, { ...page, data: yield* withLinks(userId, page.data) })
})

const threadsList = Effect.fnUntraced(function* (params: Params<"threads.list">) {
  const { userId } = yield* CurrentUser
  const page = yield* (yield* ThreadStore).loadThreads(userId, pageQuery(params))
  return { ...page, data: page.data.map((thread) => shown(thread)) }
})

const threadsUpdate = Effect.fnUntraced(function* (params: Params<"threads.update">) {
  const { userId } = yield* CurrentUser
  const { thread_id, title } = params
  return shown(yield* (yield* ThreadStore).updateThread(userId, thread_id, { title }))
})

const threadsDelete = Effect.fnUntraced(function* (params: Params<"threads.delete">) {
  const { userId } = yield* CurrentUser
  yield* (yield* ThreadStore).deleteThread(userId, params.thread_id)
  return {}
})

const itemsList = Effect.fnUntraced(function* (params: Params<"items.list">) {
  const { userId } = yield* CurrentUser
  const query = { ...pageQuery(params), hidden: false }
  const page = yield* (yield* ThreadStore).loadThreadItems(userId, params.thread_id, query)
  return { ...page, data: yield* withLinks(userId, page.data) }
})

const itemsFeedback = Effect.fnUntraced(function* (
  params: Params<"items.feedback">,
  within: Within
) {
  const { userId } = yield* CurrentUser
  const { item_ids, kind, thread_id } = params
  const thread = yield* within((yield* ThreadStore).loadThread(userId, thread_id))
  yield* ofResponder((yield* Responder).addFeedback({ thread, item_ids, kind }))
  return {}
})

const attachmentsCreate = Effect.fnUntraced(function* ({
  mime_type,
  name,
  size
}: Params<"attachments.create">) {
  const { userId } = yield* CurrentUser
  yield* admitted(size, mime_type)
  const { shown } = yield* (yield* AttachmentLinks).maker
  const attachment: AttachmentRecord = {
    id: yield* (yield* Ids).make("attachment"),
    name,
    mime_type,
    size,
    uploaded: false,
    metadata: {}
  }
  yield* (yield* ThreadStore).saveAttachment(userId, attachment)
  return shown(userId, attachment)
})

const attachmentsDelete = Effect.fnUntraced(function* (params: Params<"attachments.delete">) {
  const { userId } = yield* CurrentUser
  yield* (yield* ThreadStore).deleteAttachment(userId, params.attachment_id)
  return {}
})

const inputTranscribe = Effect.fnUntraced(function* ({
  audio_base64,
  mime_type
}: Params<"input.transcribe">) {
  const audio = decodeBase64(audio_base64)
  if (audio === undefined) {
    return yield* new InvalidRequest({
      problem: "Invalid request: params.audio_base64 is no base64"
    })
  }
  const media_type = mediaTypeOf(mime_type)
  const { text } = yield* ofResponder(
    (yield* Responder).transcribe({ audio, mime_type, media_type })
  )
  return { text }
})

const syncCustomAction = Effect.fnUntraced(function* (
  { action, item_id, thread_id }: Params<"threads.sync_custom_action">,
  within: Within
) {
  const { userId } = yield* CurrentUser
  const store = yield* ThreadStore
  const [thread, sender] = yield* within(
    Effect.all([store.loadThread(userId, thread_id), senderOf(thread_id, item_id)])
  )
  const updated_item = yield* ofResponder(
    Effect.gen(function* () {
      const item = yield* (yield* Responder).syncAction({ thread, action, sender })
      return item === undefined ? undefined : yield* readItem(item)
    })
  )
  return updated_item === undefined || isHidden(updated_item) ? {} : { updated_item }
})

/** Answers an operation that does not stream. */
export const document = (
  { params, type }: NonStreamingOperation,
  within: Within
): Effect.Effect<Document, DocumentRefusal, CurrentUser | DocumentServices> => {
  switch (type) {
    case "threads.get_by_id":
      return within(threadsGetById(params))
    case "threads.list":
      return within(threadsList(params))
    case "threads.update":
      return within(threadsUpdate(params))
    case "threads.delete":
      return within(threadsDelete(params))
    case "items.list":
      return within(itemsList(params))
    case "items.feedback":
      return itemsFeedback(params, within)
    case "attachments.create":
      return within(attachmentsCreate(params))
    case "attachments.delete":
      return within(attachmentsDelete(params))
    case "input.transcribe":
      return inputTranscribe(params)
    case "threads.sync_custom_action":
      return syncCustomAction(params, within)
  }
}
