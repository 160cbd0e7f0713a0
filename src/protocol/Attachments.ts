import { Schema } from "effect"
import { defaulted, optional } from "./Lenient.ts"

export const UploadDescriptor = Schema.Struct({
  url: Schema.String,
  method: Schema.Literals(["POST", "PUT"]),
  headers: defaulted(Schema.Record(Schema.String, Schema.String), {})
})

const attachment = {
  id: Schema.String,
  name: Schema.String,
  mime_type: Schema.String,
  upload_descriptor: optional(UploadDescriptor),
  thread_id: optional(Schema.String)
}

export const FileAttachment = Schema.Struct({
  ...attachment,
  type: Schema.Literal("file")
}).annotate({ identifier: "FileAttachment", title: "file" })

export const ImageAttachment = Schema.Struct({
  ...attachment,
  type: Schema.Literal("image"),
  preview_url: Schema.String
}).annotate({ identifier: "ImageAttachment", title: "image" })

/**
 * An attachment as a client sees it. Its links are signed and expire, so they are created for every
 * response and never stored.
 */
export const Attachment = Schema.Union([FileAttachment, ImageAttachment]).annotate({
  identifier: "Attachment"
})
export type Attachment = typeof Attachment.Type
