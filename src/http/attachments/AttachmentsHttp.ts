import { Effect, Stream } from "effect"
import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { Api } from "../../api/Api.ts"
import { Attachments } from "../../attachments/Attachments.ts"
import { AttachmentTooLarge, UploadMalformed } from "../../attachments/Errors.ts"
import { CurrentUser } from "../../auth/CurrentUser.ts"
import { contentHeaders, contentTypeOf } from "./ContentHeaders.ts"
import { formFile, formOverhead } from "./UploadForm.ts"

type Request = HttpServerRequest.HttpServerRequest

export const AttachmentsHttp = HttpApiBuilder.group(
  Api,
  "attachments",
  Effect.fnUntraced(function* (handlers) {
    const attachments = yield* Attachments
    const { limit } = attachments

    /** The bytes of the body. They are read as they are pulled. */
    const openBody = (request: Request) =>
      Effect.as(
        refuseLongerThan(limit, request),
        Stream.mapError(request.stream, () => new UploadMalformed())
      )

    const openForm = (request: Request) =>
      Effect.andThen(refuseLongerThan(limit + formOverhead, request), formFile(request, limit))

    return handlers
      .handleRaw("put", ({ params, request }) =>
        attachments.upload({ attachmentId: params.id, url: request.url }, openBody(request))
      )
      .handleRaw("post", ({ params, request }) => {
        const link = { attachmentId: params.id, url: request.url }
        const open = Effect.map(openForm(request), ({ bytes }) => bytes)
        return Effect.scoped(attachments.upload(link, open))
      })
      .handleRaw(
        "direct",
        Effect.fnUntraced(function* ({ request }) {
          const { userId } = yield* CurrentUser
          return yield* attachments.uploadDirect(userId, yield* openForm(request))
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

/** Refuses a body by its stated length in bytes, before any of it is read. */
const refuseLongerThan = (
  limit: number,
  { headers }: Request
): Effect.Effect<void, AttachmentTooLarge> =>
  Number(headers["content-length"]) > limit ? Effect.fail(new AttachmentTooLarge()) : Effect.void
