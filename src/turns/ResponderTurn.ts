import { Effect, Stream } from "effect"
import type { Attachments } from "../attachments/Attachments.ts"
import { DbUnavailable } from "../core/Errors.ts"
import type { Ids } from "../core/Ids.ts"
import type { RequestInfo } from "../core/RequestInfo.ts"
import type { UserId } from "../core/User.ts"
import { FileRefused } from "../responder/Errors.ts"
import type { Turn } from "../responder/Turn.ts"
import type { ThreadStore } from "../threads/ThreadStore.ts"
import type { TurnRecorder } from "./TurnRecorder.ts"

/** The turn as its responder sees it: everything is the user's own. */
export const responderTurn = (
  services: {
    readonly store: ThreadStore["Service"]
    readonly ids: Ids["Service"]
    readonly attachments: Attachments["Service"]
  },
  userId: UserId,
  recorder: TurnRecorder,
  request: RequestInfo,
  emit: Turn["emit"]
): Turn => {
  const { attachments, ids, store } = services
  const thread_id = recorder.thread().id
  return {
    locale: request.locale,
    requestId: request.requestId,
    thread: Effect.sync(recorder.thread),
    updateThread: (change) => Effect.sync(() => recorder.updateThread(change)),
    history: Effect.fnUntraced(function* (query) {
      const page = yield* store.loadThreadItems(userId, thread_id, {
        limit: 20,
        order: "desc",
        after: null,
        hidden: true,
        ...recorder.historyLimit(),
        ...query
      })
      return { ...page, data: yield* attachments.withLinks(userId, page.data) }
    }),
    newItem: (kind) =>
      Effect.map(Effect.all([ids.make(kind), ids.now]), ([id, created_at]) => ({
        id,
        thread_id,
        created_at
      })),
    emit,
    read: (attachmentId) =>
      Stream.unwrap(Effect.map(attachments.readOwn(userId, attachmentId), ({ bytes }) => bytes)),
    attach: ({ bytes, mime_type, name }) =>
      attachments
        .save(userId, { name, mime_type, size: bytes.length, bytes: Stream.succeed(bytes) })
        .pipe(
          Effect.catchTags({
            AttachmentTooLarge: () => new FileRefused({ reason: "too_large" }),
            AttachmentTypeRefused: () => new FileRefused({ reason: "wrong_type" }),
            AttachmentEmpty: () => new FileRefused({ reason: "empty" }),
            AttachmentNameTooLong: () => new FileRefused({ reason: "long_name" }),
            AttachmentSpaceFull: () => new FileRefused({ reason: "no_room" }),
            TooManyAttachments: () => new FileRefused({ reason: "too_many" }),
            // Somebody removed all data of the user meanwhile.
            NotFound: () => new DbUnavailable({ operation: "Turn.attach" })
          })
        )
  }
}
