// Longer than most files: it has one row for every answer that is not a success.

import { ByteSize } from "effect"
import type {
  AttachmentSpaceFull,
  AttachmentTooLarge,
  AttachmentTypeRefused
} from "../attachments/Errors.ts"
import type { InvalidToken, InvalidTokenReason } from "../auth/Errors.ts"
import type { Conflict, InvalidRequest, NotFound } from "../core/Errors.ts"
import type { NotReady } from "../health/Errors.ts"
import type { BodyTooLarge, ContentEncodingRefused } from "./Refused.ts"
import type { ThreadNotActive } from "../turns/Errors.ts"

/**
 * One row of the table: how a failure is answered. A text that depends on the failure is a
 * function of it; all others are constants, so that nothing internal reaches a client by accident.
 * A sentence is for the person in the chat: it never names a setting of the server.
 */
export interface ErrorRow<in Failure = unknown> {
  readonly status: number
  readonly sentence: string | ((failure: Failure) => string)
  readonly headers?: Readonly<Record<string, string | ((failure: Failure) => string)>>
  /** When a client gets this answer: the description in the contract. */
  readonly when: string
}

const sizeOf = (bytes: number) => ByteSize.format(ByteSize.bytes(bytes))

/** Seconds after which a client may try again. */
const retryAfter = { "retry-after": "2" }

const unavailable = {
  status: 503,
  sentence: "Service temporarily unavailable",
  headers: retryAfter,
  when: "The database or the verification keys are out of reach, or the server is stopping"
} as const

/** The sentence for each object that is not there. */
export const notFound = {
  Thread: "Thread not found",
  Item: "Item not found",
  Attachment: "Attachment not found",
  Cursor: "params.after names nothing that is still there: load the list from its beginning"
} as const satisfies Record<NotFound["object"], string>

/**
 * Every status, sentence and header that a client can get besides success. The contract, the
 * refusals made once, Node's own refusals and `npm run token -- inspect` are all made from these
 * rows. To a caller who is known, and who asked for a stream, the sentence comes as an event in
 * place of the status: see `errorEventFor`.
 */
export const errorTable = {
  InvalidToken: {
    status: 401,
    sentence: "Invalid or expired JWT token",
    headers: {
      "www-authenticate": ({ reason }: Pick<InvalidToken, "reason">) => challenge(reason)
    },
    when: "The request has no token, or one that proves nothing"
  },
  UserNotFound: {
    status: 404,
    sentence: "User not found with provided email",
    when: "The token is good, but no user has its e-mail address"
  },
  NoActiveSession: {
    status: 404,
    sentence: "No active sessions found for user",
    when: "The token is good, but its user is signed out"
  },
  DbUnavailable: unavailable,
  KeysUnavailable: unavailable,

  InvalidRequest: {
    status: 400,
    sentence: ({ problem }: InvalidRequest) => problem,
    when: "The body is not a ChatKit request; the sentence names the field"
  },
  NotFound: {
    status: 404,
    sentence: ({ object }: NotFound) => notFound[object],
    when: "The thread, item or attachment does not exist, or belongs to another user"
  },
  Conflict: {
    status: 409,
    sentence: ({ reason }: Conflict) => reason,
    when: "The thread does not take this request in its present state; the sentence says why"
  },
  ThreadNotActive: {
    status: 409,
    sentence: ({ thread: { status } }: ThreadNotActive) =>
      `This thread is ${status.type}${"reason" in status && status.reason !== undefined ? `: ${status.reason}` : ""}`,
    when: "The thread is locked or closed; the sentence says why, if there is a reason"
  },
  TooManyStreams: {
    status: 429,
    sentence: "Too many answers are streaming at once: wait until one has ended",
    headers: retryAfter,
    when: "The user has STREAMS_PER_USER streams open"
  },
  TooManyRequests: {
    status: 429,
    sentence: "Too many requests: wait a moment, then try again",
    headers: retryAfter,
    when: "The user asks for more than REQUESTS_AT_ONCE_PER_USER or REQUESTS_PER_SECOND_PER_USER"
  },
  ResponderFailed: {
    status: 502,
    sentence: "The responder failed",
    when: "The responder failed, or does not support this operation"
  },
  UpstreamUnreachable: {
    status: 502,
    sentence: "The chat cannot be reached right now: try again in a moment",
    headers: retryAfter,
    when: "UPSTREAM_URL does not answer, or answers with a redirect"
  },
  UpstreamSilent: {
    status: 504,
    sentence: "The chat takes too long to answer: try again in a moment",
    headers: retryAfter,
    when: "UPSTREAM_URL has not begun to answer in time"
  },

  TooManyAttachments: {
    status: 429,
    sentence: "Too many unsent attachments: send or delete some first",
    headers: retryAfter,
    when: "100 of the user's attachments are not yet part of a message"
  },
  AttachmentSpaceFull: {
    status: 413,
    sentence: ({ limit }: AttachmentSpaceFull) =>
      `There is no room for this file: yours may have ${sizeOf(limit)} together. Delete files, or threads with files, first`,
    when: "The user's attachments would have more than ATTACHMENT_BYTES_PER_USER together"
  },
  AttachmentTooLarge: {
    status: 413,
    sentence: ({ limit: { announced, bytes } }: AttachmentTooLarge) =>
      announced
        ? `The file is larger than the ${sizeOf(bytes)} that were announced: choose it again`
        : `The file is larger than ${sizeOf(bytes)}: choose a smaller one`,
    when: "The attachment is larger than ATTACHMENT_LIMIT, or than `size` said"
  },
  AttachmentTypeRefused: {
    status: 415,
    sentence: ({ problem }: AttachmentTypeRefused) => problem,
    when: "ATTACHMENT_TYPES does not list the media type, or the bytes are of another type; the sentence says what is wrong with the file"
  },
  AttachmentEmpty: {
    status: 400,
    sentence: "The file is empty: choose another one",
    when: "The file has no bytes"
  },
  AttachmentNameTooLong: {
    status: 400,
    sentence: "The file's name is longer than 255 characters: give it a shorter one",
    when: "The file's name is longer than 255 characters"
  },
  LinkInvalid: {
    status: 403,
    sentence: "This link is invalid or has expired: load the thread again for a new one",
    when: "The query of the link was changed, the link has expired, or its user is signed out"
  },
  AlreadyUploaded: {
    status: 409,
    sentence: "This attachment has already been uploaded",
    when: "The attachment has other bytes already, which cannot be replaced"
  },
  UploadMalformed: {
    status: 400,
    sentence: "Malformed upload: PUT the bytes, or POST a form with the file in its field `file`",
    when: "The upload breaks off, or is not a form with one file in its field `file`"
  },
  UploadPartial: {
    status: 400,
    sentence: "Content-Range is not supported: PUT the whole file at once",
    when: "A PUT has the header Content-Range (RFC 9110 §14.5)"
  },

  NotReady: {
    status: 503,
    sentence: ({ missing }: NotReady) => `Not ready: ${missing.join("; ")}`,
    headers: retryAfter,
    when: "The server cannot do its work yet, or is stopping; the sentence says what is missing"
  },

  // Refused outside the handlers, on any route.
  MalformedRequest: {
    status: 400,
    sentence: "Malformed request: send a JSON body over well-formed HTTP",
    when: "The request is not well-formed HTTP"
  },
  RouteNotFound: {
    status: 404,
    sentence: "No such route: ChatKit is served at POST /support/chatkit",
    when: "No route has this path"
  },
  MethodNotAllowed: {
    status: 405,
    sentence: "Method not allowed on this route: see the Allow header",
    headers: { allow: ({ allow }: { readonly allow: string }) => allow },
    when: "The route exists, but not with this method"
  },
  RequestTimeout: {
    status: 408,
    sentence: "The request took too long to arrive: send it again",
    when: "The headers or the body did not arrive in time"
  },
  BodyTooLarge: {
    status: 413,
    sentence: ({ atMost, sent }: BodyTooLarge) => `The ${sent} is too large: at most ${atMost}`,
    when: "The body is larger than BODY_LIMIT, or, for `input.transcribe`, than DICTATION_LIMIT"
  },
  ContentTypeRefused: {
    status: 415,
    sentence: "Unsupported content type: send application/json",
    when: "The Content-Type is not application/json"
  },
  ContentEncodingRefused: {
    status: 415,
    sentence: ({ encoding }: ContentEncodingRefused) =>
      `Unsupported content encoding ${encoding}: send the body without Content-Encoding`,
    when: "The body is compressed"
  },
  HeadersTooLarge: {
    status: 431,
    sentence: "Request headers too large: send fewer or shorter ones",
    when: "The headers have more than 64 KiB"
  },
  InternalError: {
    status: 500,
    sentence: "Internal server error",
    when: "The server has a bug; its log has the cause"
  },
  ShuttingDown: unavailable
} as const satisfies Record<string, ErrorRow<never>>

const realm = `Bearer realm="effect-chatkit"`

/** Whether the request carried credentials for this scheme at all. */
export const hasCredentials = (reason: InvalidTokenReason): boolean =>
  reason !== "no_credentials" && reason !== "other_scheme"

/** RFC 6750 §3: no error code where the request carried no credentials. */
const challenge = (reason: InvalidTokenReason): string =>
  hasCredentials(reason)
    ? `${realm}, error="invalid_token", error_description="The access token is invalid or expired"`
    : realm
