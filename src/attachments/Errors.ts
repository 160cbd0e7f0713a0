import { Schema } from "effect"

/** Too many of the user's attachments wait to be used in a message. */
export class TooManyAttachments extends Schema.TaggedError<TooManyAttachments>()(
  "TooManyAttachments",
  {}
) {}

/** With this one the attachments of the user would have more than `limit` bytes together. */
export class AttachmentSpaceFull extends Schema.TaggedError<AttachmentSpaceFull>()(
  "AttachmentSpaceFull",
  { limit: Schema.Number }
) {}

/** The attachment has other bytes already: a finished upload is never overwritten. */
export class AlreadyUploaded extends Schema.TaggedError<AlreadyUploaded>()("AlreadyUploaded", {}) {}

/**
 * The link was not made by this server, was made for another purpose, or has expired, or its user is
 * no longer signed in.
 */
export class LinkInvalid extends Schema.TaggedError<LinkInvalid>()("LinkInvalid", {}) {}

/** The upload breaks off, or its form cannot be parsed. */
export class UploadMalformed extends Schema.TaggedError<UploadMalformed>()("UploadMalformed", {}) {}

/** The upload is said to be a part of a file: stored as the whole it would be another file. */
export class UploadPartial extends Schema.TaggedError<UploadPartial>()("UploadPartial", {}) {}

/** The file has no bytes. */
export class AttachmentEmpty extends Schema.TaggedError<AttachmentEmpty>()("AttachmentEmpty", {}) {}

/** The file's name has more characters than are kept. */
export class AttachmentNameTooLong extends Schema.TaggedError<AttachmentNameTooLong>()(
  "AttachmentNameTooLong",
  {}
) {}

/** The bytes that a file may have, and whether that is what its sender has announced. */
export const SizeLimit = Schema.Struct({ bytes: Schema.Number, announced: Schema.Boolean })
export type SizeLimit = typeof SizeLimit.Type

/** The file has more bytes than this server accepts, or than were announced. */
export class AttachmentTooLarge extends Schema.TaggedError<AttachmentTooLarge>()(
  "AttachmentTooLarge",
  { limit: SizeLimit }
) {}

/**
 * This server does not accept the attachment's media type, or its bytes are of another type;
 * `problem` tells the person what is wrong with the file, and what to do.
 */
export class AttachmentTypeRefused extends Schema.TaggedError<AttachmentTypeRefused>()(
  "AttachmentTypeRefused",
  { problem: Schema.String }
) {}

/** Why the bytes of a file are refused. */
export type BytesRefused = AttachmentEmpty | AttachmentTooLarge | AttachmentTypeRefused

/** Why a new attachment is refused, by what is stated of it or by its bytes. */
export type FileNotTaken =
  BytesRefused | AttachmentNameTooLong | AttachmentSpaceFull | TooManyAttachments
