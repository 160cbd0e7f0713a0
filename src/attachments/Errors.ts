import { Schema } from "effect"

/** Too many of the user's attachments wait to be used in a message. */
export class TooManyAttachments extends Schema.TaggedError<TooManyAttachments>()(
  "TooManyAttachments",
  {}
) {}

/** The attachment is uploaded already: a finished upload is never overwritten. */
export class AlreadyUploaded extends Schema.TaggedError<AlreadyUploaded>()("AlreadyUploaded", {}) {}

/**
 * The link was not made by this server, was made for another purpose, or has expired, or its user is
 * no longer signed in.
 */
export class LinkInvalid extends Schema.TaggedError<LinkInvalid>()("LinkInvalid", {}) {}

/** The upload has no bytes, or its form cannot be parsed. */
export class UploadMalformed extends Schema.TaggedError<UploadMalformed>()("UploadMalformed", {}) {}

/** The attachment is larger than this server accepts. */
export class AttachmentTooLarge extends Schema.TaggedError<AttachmentTooLarge>()(
  "AttachmentTooLarge",
  {}
) {}

/** This server does not accept the attachment's media type, or its bytes are of another type. */
export class AttachmentTypeRefused extends Schema.TaggedError<AttachmentTypeRefused>()(
  "AttachmentTypeRefused",
  {}
) {}
