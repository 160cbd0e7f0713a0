import { Schema } from "effect"

/** Too many of the user's attachments wait to be used in a message. */
export class TooManyAttachments extends Schema.TaggedError<TooManyAttachments>()(
  "TooManyAttachments",
  {}
) {}

/** The attachment's bytes are here already: a finished upload is never written over. */
export class AlreadyUploaded extends Schema.TaggedError<AlreadyUploaded>()("AlreadyUploaded", {}) {}

/** The link to an attachment was not made by this server, or not for this, or has expired. */
export class LinkInvalid extends Schema.TaggedError<LinkInvalid>()("LinkInvalid", {}) {}

/** The upload carries no bytes, or not in a form that is understood. */
export class UploadMalformed extends Schema.TaggedError<UploadMalformed>()("UploadMalformed", {}) {}

/** The attachment is larger than this server takes. */
export class AttachmentTooLarge extends Schema.TaggedError<AttachmentTooLarge>()(
  "AttachmentTooLarge",
  {}
) {}

/** The attachment's media type is not taken here, or its bytes are of another type than it says. */
export class AttachmentTypeRefused extends Schema.TaggedError<AttachmentTypeRefused>()(
  "AttachmentTypeRefused",
  {}
) {}
