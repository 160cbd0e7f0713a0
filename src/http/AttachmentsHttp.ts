import { Clock, Effect, Stream } from "effect"
import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { Api } from "../api/Api.ts"
import { CurrentUser } from "../auth/CurrentUser.ts"
import { AttachmentContent } from "../attachments/AttachmentContent.ts"
import { AttachmentLinks } from "../attachments/AttachmentLinks.ts"
import { admitted, AttachmentRules, mediaTypeOf } from "../attachments/AttachmentRules.ts"
import { Ids } from "../core/Ids.ts"
import { LinkKey } from "../attachments/LinkKey.ts"
import { type AttachmentRecord, AttachmentStore } from "../attachments/AttachmentStore.ts"
import {
  AlreadyUploaded,
  AttachmentTooLarge,
  LinkInvalid,
  UploadMalformed
} from "../attachments/Errors.ts"
import { NotFound } from "../core/Errors.ts"
import type { UserId } from "../core/User.ts"
import { ofType } from "../attachments/FileTypes.ts"
import { contentHeaders, contentTypeOf } from "./ContentHeaders.ts"
import { holderOf } from "../attachments/SignedLinks.ts"
import { formFile, formOverhead } from "./UploadForm.ts"

type Request = HttpServerRequest.HttpServerRequest

export const AttachmentsHttp = HttpApiBuilder.group(
  Api,
  "attachments",
  Effect.fnUntraced(function* (handlers) {
    const store = yield* AttachmentStore
    const kept = yield* AttachmentContent
    const links = yield* AttachmentLinks
    const { key } = yield* LinkKey
    const rules = yield* AttachmentRules
    const ids = yield* Ids
    const limit = Number(rules.limit)

    /** Whose link this request came by. */
    const permitted = Effect.fnUntraced(function* (
      purpose: "upload" | "content",
      attachmentId: string,
      { url }: Request
    ) {
      const now = yield* Clock.currentTimeMillis
      const userId = holderOf(url, yield* key, { purpose, attachmentId }, now)
      return userId === undefined ? yield* new LinkInvalid() : userId
    })

    const refuseTooLong = ({ headers }: Request, most: number) =>
      Number(headers["content-length"]) > most ? Effect.fail(new AttachmentTooLarge()) : Effect.void

    /** The attachment that waits for its bytes, before one of them is read. */
    const waiting = Effect.fnUntraced(function* (id: string, request: Request) {
      const userId = yield* permitted("upload", id, request)
      const [record] = yield* store.load(userId, [id])
      if (record === undefined) return yield* new NotFound({ object: "Attachment" })
      if (record.uploaded) return yield* new AlreadyUploaded()
      return { userId, record }
    })

    const write = <E>(
      userId: UserId,
      { id, mime_type }: AttachmentRecord,
      bytes: Stream.Stream<Uint8Array, E>
    ) => kept.write(userId, id, bytes.pipe(measured(limit), ofType(mediaTypeOf(mime_type))))

    const show = Effect.fnUntraced(function* (userId: UserId, record: AttachmentRecord) {
      const { shown } = yield* links.maker
      return shown(userId, record)
    })

    return handlers
      .handleRaw(
        "put",
        Effect.fnUntraced(function* ({ params, request }) {
          const { record, userId } = yield* waiting(params.id, request)
          yield* refuseTooLong(request, limit)
          const bytes = Stream.mapError(request.stream, () => new UploadMalformed())
          return yield* show(userId, yield* write(userId, record, bytes))
        })
      )
      .handleRaw(
        "post",
        Effect.fnUntraced(function* ({ params, request }) {
          const { record, userId } = yield* waiting(params.id, request)
          yield* refuseTooLong(request, limit + formOverhead)
          const { bytes } = yield* formFile(request, limit)
          return yield* show(userId, yield* write(userId, record, bytes))
        }, Effect.scoped)
      )
      .handleRaw(
        "direct",
        Effect.fnUntraced(function* ({ request }) {
          const { userId } = yield* CurrentUser
          yield* refuseTooLong(request, limit + formOverhead)
          const { bytes, name, type } = yield* formFile(request, limit)
          yield* Effect.provideService(admitted(0, type), AttachmentRules, rules)
          const id = yield* ids.make("attachment")
          const record = { id, name, mime_type: type, uploaded: false, metadata: {} }
          // Waited for, so that nothing can arrive after it was removed again.
          const save = (size: number) =>
            Effect.uninterruptible(store.save(userId, { ...record, size }))
          let size = 0
          const counted = Stream.tap(bytes, (chunk) =>
            Effect.sync(() => {
              size += chunk.length
            })
          )
          const written = yield* save(0).pipe(
            Effect.andThen(write(userId, { ...record, size: 0 }, counted)),
            Effect.tap(() => save(size)),
            Effect.onError(() => Effect.ignore(store.delete(userId, id))),
            Effect.catchTag("AlreadyUploaded", Effect.die)
          )
          return yield* show(userId, { ...written, size })
        }, Effect.scoped)
      )
      .handle(
        "content",
        Effect.fnUntraced(function* ({ params, request }) {
          const userId = yield* permitted("content", params.id, request)
          const { attachment, bytes, length } = yield* kept.read(userId, params.id)
          const { mime_type, name } = attachment
          return HttpServerResponse.stream(bytes, {
            contentType: contentTypeOf(mime_type),
            contentLength: length,
            headers: contentHeaders(name, mime_type)
          })
        })
      )
  })
)

/** Passes at most so many bytes through, and at least one. */
const measured =
  (limit: number) =>
  <E>(
    bytes: Stream.Stream<Uint8Array, E>
  ): Stream.Stream<Uint8Array, E | AttachmentTooLarge | UploadMalformed> =>
    Stream.suspend(() => {
      let length = 0
      const measure = (chunk: Uint8Array) => {
        length += chunk.length
        return length > limit ? Effect.fail(new AttachmentTooLarge()) : Effect.void
      }
      const end = Effect.suspend(() =>
        length === 0 ? Effect.fail(new UploadMalformed()) : Effect.void
      )
      return Stream.concat(Stream.tap(bytes, measure), Stream.drain(Stream.fromEffect(end)))
    })
