import { Schema } from "effect"
import { UserId } from "../core/User.ts"

/** Why a token was refused: for the log and `npm run token -- inspect`, never for the client. */
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
  /** Set once the user is known: the token is genuine, but not, or no longer, valid for them. */
  userId: Schema.optionalKey(UserId)
}) {}

/** The token is good, but its e-mail has no row in Better Auth's user table. */
export class UserNotFound extends Schema.TaggedError<UserNotFound>()("UserNotFound", {}) {}

/** The user exists but is signed out: the named session, or every session of theirs, has ended. */
export class NoActiveSession extends Schema.TaggedError<NoActiveSession>()("NoActiveSession", {
  userId: Schema.optionalKey(UserId)
}) {}

/** No verification key could be loaded, so the token can be neither accepted nor refused. */
export class KeysUnavailable extends Schema.TaggedError<KeysUnavailable>()("KeysUnavailable", {}) {}
