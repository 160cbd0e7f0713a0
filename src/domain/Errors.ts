import { Schema } from "effect"
import { UserId } from "./User.ts"

/** Why a token was refused. For the log and `npm run token -- inspect`; a client never learns it. */
export const InvalidTokenReason = Schema.Literals([
  "no_credentials",
  "other_scheme",
  "several_headers",
  "malformed_header",
  "too_long",
  "malformed_token",
  "session_token",
  "opaque_token",
  "encrypted_token",
  "header_not_allowed",
  "algorithm_not_allowed",
  "algorithm_not_of_key",
  "secret_missing",
  "key_id_missing",
  "keys_empty",
  "key_unknown",
  "key_retired",
  "signature",
  "expired",
  "expiry_missing",
  "not_yet_valid",
  "issued_in_future",
  "issuer",
  "audience",
  "mailed_token",
  "session_cookie_with_issuer",
  "session_cookie_layout",
  "email_missing",
  "subject_missing",
  "claims",
  "subject_mismatch",
  "banned"
])
export type InvalidTokenReason = typeof InvalidTokenReason.Type

/** The credentials do not prove who is asking (RFC 6750 §3.1, `invalid_token`). */
export class InvalidToken extends Schema.TaggedError<InvalidToken>()("InvalidToken", {
  reason: InvalidTokenReason,
  /** Set once the user is known: the token is genuine, but not (or no longer) for this user. */
  userId: Schema.optionalKey(UserId)
}) {}

/** The token is good, but its e-mail has no row in Better Auth's user table. */
export class UserNotFound extends Schema.TaggedError<UserNotFound>()("UserNotFound", {}) {}

/** The user exists, but is signed out: no session row that is still live, or not the one named. */
export class NoActiveSession extends Schema.TaggedError<NoActiveSession>()("NoActiveSession", {
  userId: Schema.optionalKey(UserId)
}) {}

/** PostgreSQL did not answer, or cannot: never the caller's fault. */
export class DbUnavailable extends Schema.TaggedError<DbUnavailable>()("DbUnavailable", {
  operation: Schema.String
}) {}

/** No verification key could be loaded, so nothing can be said about the token. */
export class KeysUnavailable extends Schema.TaggedError<KeysUnavailable>()("KeysUnavailable", {}) {}

/** The object does not exist, or is another user's, which is the same. */
export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", {
  object: Schema.Literals(["Thread", "Item", "Attachment"])
}) {}

/**
 * The request fits the thread's state no longer; `reason` says to the person why: another turn
 * runs, the thread is locked or closed, the item is of another kind.
 */
export class Conflict extends Schema.TaggedError<Conflict>()("Conflict", {
  reason: Schema.String
}) {}

/** Another turn holds the thread. */
export class TurnTaken extends Schema.TaggedError<TurnTaken>()("TurnTaken", {}) {}

/** The turn holds its thread no longer: it was deleted, or no sign of life reached the database. */
export class TurnLost extends Schema.TaggedError<TurnLost>()("TurnLost", {}) {}

/** The user has as many streams open as one user may have. */
export class TooManyStreams extends Schema.TaggedError<TooManyStreams>()("TooManyStreams", {}) {}

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

/** The responder behind this server does not do what was asked, or failed at it. */
export class ResponderFailed extends Schema.TaggedError<ResponderFailed>()("ResponderFailed", {
  reason: Schema.Literals(["unsupported", "failed"])
}) {}

/** The body is no ChatKit request; `problem` names the field that is wrong, never its value. */
export class InvalidRequest extends Schema.TaggedError<InvalidRequest>()("InvalidRequest", {
  problem: Schema.String
}) {}

/** The platform refused the request before a handler ran. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", {
  status: Schema.Literals([413, 415, 500])
}) {}

/** The server runs but cannot do its work yet; says what is missing, in the operator's words. */
export class NotReady extends Schema.TaggedError<NotReady>()("NotReady", {
  missing: Schema.Array(Schema.String)
}) {}
