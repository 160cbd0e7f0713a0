import { Schema } from "effect"
import { Multipart } from "effect/http"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Attachment } from "../protocol/Attachments.ts"
import { Authentication } from "./Authentication.ts"
import { described } from "./Described.ts"
import { forAnyone, forUser } from "./ErrorSchemas.ts"
import { uploaded } from "./Examples.ts"

const params = { id: Schema.String }

const form = Schema.Struct({ file: Multipart.SingleFileSchema }).pipe(
  HttpApiSchema.asMultipartStream()
)

const uploadErrors = (errors: typeof forUser) =>
  [
    errors.UploadMalformed,
    errors.AttachmentEmpty,
    errors.NotFound,
    errors.AttachmentTooLarge,
    errors.AttachmentTypeRefused,
    errors.Unavailable,
    errors.Refused500
  ] as const

/** Links need no authentication, so these answers never have a `message`. */
const linkErrors = [
  ...uploadErrors(forAnyone),
  forAnyone.LinkInvalid,
  forAnyone.AlreadyUploaded
] as const

const success = {
  description: "The attachment, with its bytes stored",
  content: { "application/json": { examples: { attachment: { value: uploaded } } } }
}
const formExample = { "multipart/form-data": { examples: { note: { value: { file: "a note" } } } } }

/** The body is the bytes themselves. */
export const put = HttpApiEndpoint.put("put", "/support/attachments/:id/upload", {
  params,
  payload: HttpApiSchema.StreamUint8Array(),
  success: Attachment,
  error: [...linkErrors, forAnyone.UploadPartial]
}).annotateMerge(
  described({
    summary: "Upload an attachment",
    description:
      "Stores the bytes of an attachment that `attachments.create` has announced; the same bytes may be sent again. The URL is `upload_descriptor.url` of its answer, with its query `user`, `session` (where the token named one), `expires` and `signature`; it is good for an hour, while the user is signed in.",
    request: { "application/octet-stream": { examples: { note: { value: "a note" } } } },
    success
  })
)

/** The body is a form with the bytes in its field `file`. */
export const post = HttpApiEndpoint.post("post", "/support/attachments/:id/upload", {
  params,
  payload: form,
  success: Attachment,
  error: linkErrors
}).annotateMerge(
  described({
    summary: "Upload an attachment as a form",
    description:
      "The same as `PUT`, for clients that send forms: the file is in the field `file`, and every other field is ignored.",
    request: formExample,
    success
  })
)

export const content = HttpApiEndpoint.get("content", "/support/attachments/:id/content", {
  params,
  success: HttpApiSchema.StreamUint8Array(),
  error: [forAnyone.LinkInvalid, forAnyone.NotFound, forAnyone.Unavailable, forAnyone.Refused500]
}).annotateMerge(
  described({
    summary: "Download an attachment",
    description:
      "The bytes, with the media type of the attachment. The URL is `preview_url` of an image attachment, with its query; it is good for one to two hours, while the user is signed in.",
    success: {
      description: "The bytes",
      content: { "application/octet-stream": { examples: { note: { value: "a note" } } } }
    }
  })
)

/** ChatKit's `direct` upload strategy: one request creates the attachment and stores its bytes. */
export const direct = HttpApiEndpoint.post("direct", "/support/attachments", {
  payload: form,
  success: Attachment,
  error: [
    ...uploadErrors(forUser),
    forUser.AttachmentNameTooLong,
    forUser.AttachmentSpaceFull,
    forUser.TooMany
  ]
})
  .middleware(Authentication)
  .annotateMerge(
    described({
      summary: "Create and upload an attachment",
      description:
        "ChatKit's `direct` upload strategy: creates an attachment from the file in the field `file` of a form.",
      request: formExample,
      success
    })
  )

/**
 * The bytes of attachments. Three of the routes are reached by signed links, `upload_descriptor.url`
 * and `preview_url`: the query is the permission, whoever sends it, while its user is signed in.
 */
export class AttachmentsApi extends HttpApiGroup.make("attachments")
  .add(put, post, content, direct)
  .annotate(
    OpenApi.Description,
    "The bytes of attachments. The links in `upload_descriptor.url` and `preview_url` are complete and signed: their query is the permission, and the `Authorization` header is ignored."
  ) {}
