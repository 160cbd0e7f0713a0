import { Effect, Stream } from "effect"
import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { Api } from "../../api/Api.ts"
import { Attachments } from "../../attachments/Attachments.ts"
import {
  AttachmentTooLarge,
  type SizeLimit,
  UploadMalformed,
  UploadPartial
} from "../../attachments/Errors.ts"
import { CurrentUser } from "../../auth/CurrentUser.ts"
import { contentHeaders, contentTypeOf } from "./ContentHeaders.ts"
import { formFile, formOverhead } from "./UploadForm.ts"

type Request = HttpServerRequest.HttpServerRequest

export const AttachmentsHttp = HttpApiBuilder.group(
  Api,
  "attachments",
  Effect.fnUntraced(function* (handlers) {
    const attachments = yield* Attachments

    /** The bytes of the body. They are read as they are pulled. */
    const openBody = Effect.fnUntraced(function* (request: Request, limit: SizeLimit) {
      // RFC 9110 §14.5: a server that does not know this header would store a part as the whole.
      if (request.headers["content-range"] !== undefined) return yield* new UploadPartial()
      if (statedLength(request) > limit.bytes) return yield* new AttachmentTooLarge({ limit })
      return Stream.mapError(request.stream, () => new UploadMalformed())
    })

    /** The form may be as much larger than its file as its other parts and its borders need. */
    const openForm = Effect.fnUntraced(function* (request: Request, limit: SizeLimit) {
      return statedLength(request) > limit.bytes + formOverhead
        ? yield* new AttachmentTooLarge({ limit })
        : yield* formFile(request, limit)
    })

    return handlers
      .handleRaw("put", ({ params, request }) =>
        attachments.upload({ attachmentId: params.id, url: request.url }, (limit) =>
          openBody(request, limit)
        )
      )
      .handleRaw("post", ({ params, request }) =>
        attachments
          .upload({ attachmentId: params.id, url: request.url }, (limit) =>
            Effect.map(openForm(request, limit), ({ bytes }) => bytes)
          )
          .pipe(Effect.scoped)
      )
      .handleRaw(
        "direct",
        Effect.fnUntraced(function* ({ request }) {
          const { userId } = yield* CurrentUser
          const limit = { bytes: attachments.limit, announced: false }
          const file = yield* openForm(request, limit)
          const size = statedLength(request) || undefined
          return yield* attachments.uploadDirect(userId, { ...file, size })
        }, Effect.scoped)
      )
      .handle(
        "content",
        Effect.fnUntraced(function* ({ params, request }) {
          const link = { attachmentId: params.id, url: request.url }
          const { attachment, bytes, length } = yield* attachments.read(link)
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

/** Bytes of the body as it was sent off, or NaN where its sender did not know. */
const statedLength = ({ headers }: Request): number => Number(headers["content-length"])
