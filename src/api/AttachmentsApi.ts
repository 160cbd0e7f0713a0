import { Schema } from "effect"
import { Multipart } from "effect/http"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Attachment } from "../protocol/Attachments.ts"
import { Authentication } from "./Authentication.ts"
import {
  AlreadyUploadedWire,
  AttachmentTooLargeWire,
  AttachmentTypeRefusedWire,
  LinkInvalidWire,
  NotFoundWire,
  RefusedWire,
  TooManyWire,
  UnavailableWire,
  UploadMalformedWire
} from "./Errors.ts"

const params = { id: Schema.String }

const form = Schema.Struct({ file: Multipart.SingleFileSchema }).pipe(
  HttpApiSchema.asMultipartStream()
)

const [, , defect] = RefusedWire

const uploadErrors = [
  UploadMalformedWire,
  NotFoundWire,
  AttachmentTooLargeWire,
  AttachmentTypeRefusedWire,
  defect,
  UnavailableWire
] as const

const linkErrors = [LinkInvalidWire, AlreadyUploadedWire] as const

/** The bytes as they are. */
export const put = HttpApiEndpoint.put("put", "/support/attachments/:id/upload", {
  params,
  payload: HttpApiSchema.StreamUint8Array(),
  success: Attachment,
  error: [...uploadErrors, ...linkErrors]
})

/** The bytes in the field `file` of a form. */
export const post = HttpApiEndpoint.post("post", "/support/attachments/:id/upload", {
  params,
  payload: form,
  success: Attachment,
  error: [...uploadErrors, ...linkErrors]
})

export const content = HttpApiEndpoint.get("content", "/support/attachments/:id/content", {
  params,
  success: HttpApiSchema.StreamUint8Array(),
  error: [LinkInvalidWire, NotFoundWire, defect, UnavailableWire]
})

/** ChatKit's direct strategy: the attachment comes into being with its bytes. */
export const direct = HttpApiEndpoint.post("direct", "/support/attachments", {
  payload: form,
  success: Attachment,
  error: [...uploadErrors, TooManyWire]
}).middleware(Authentication)

/**
 * The bytes of attachments. Three of the routes are reached by links that are made whole, in
 * `upload_descriptor.url` and `preview_url`; their query is the permission, whoever comes with it.
 */
export class AttachmentsApi extends HttpApiGroup.make("attachments")
  .add(put, post, content, direct)
  .annotate(
    OpenApi.Description,
    "The bytes of attachments. Links to an upload or its content come whole from `upload_descriptor.url` and `preview_url`: their query is the permission, and no header is looked at."
  ) {}
