import { Schema, SchemaTransformation } from "effect"
import { HttpApiSchema } from "effect/http-api"
import {
  AlreadyUploaded,
  AttachmentTooLarge,
  AttachmentTypeRefused,
  LinkInvalid,
  TooManyAttachments,
  UploadMalformed
} from "../attachments/Errors.ts"
import { Conflict, DbUnavailable, InvalidRequest, NotFound } from "../core/Errors.ts"
import {
  InvalidToken,
  type InvalidTokenReason,
  KeysUnavailable,
  NoActiveSession,
  UserNotFound
} from "../auth/Errors.ts"
import { Refused } from "./Refused.ts"
import { ResponderFailed } from "../responder/Errors.ts"
import { TooManyStreams } from "../turns/Errors.ts"

/** Every status and every sentence the world is told, in one place. */
export const sentences = {
  InvalidToken: "Invalid or expired JWT token",
  UserNotFound: "User not found with provided email",
  NoActiveSession: "No active sessions found for user",
  Unavailable: "Service temporarily unavailable",
  TooManyStreams: "Too many answers are streaming for you: wait for one to end",
  TooManyAttachments: "Too many attachments wait to be sent: send or remove some first",
  AlreadyUploaded: "This attachment is uploaded already",
  AttachmentTooLarge: "Attachment too large: send less, or raise ATTACHMENT_LIMIT on the server",
  AttachmentTypeRefused:
    "Attachments of this type are not accepted, or the file is of another type",
  LinkInvalid: "This link is invalid or has expired: load the thread again for a new one",
  UploadMalformed: "Malformed upload: PUT the bytes, or POST a form with them in its field `file`",
  ResponderFailed: "This could not be done here",
  400: "Malformed request: send a JSON body over well-formed HTTP",
  404: "No such route: ChatKit is served at POST /support/chatkit",
  405: "Method not allowed on this route: see the Allow header",
  408: "The request took too long to arrive: send it again",
  413: "Request body too large: send less, or raise BODY_LIMIT on the server",
  415: "Unsupported content type: send application/json",
  431: "Request headers too large: send fewer or shorter ones",
  500: "Internal server error",
  503: "Service temporarily unavailable"
} as const

/** Seconds after which a client may try again. */
export const retryAfter = "2"

const realm = `Bearer realm="effect-chatkit"`

/** Whether the request carried credentials for this scheme at all. */
export const hasCredentials = (reason: InvalidTokenReason) =>
  reason !== "no_credentials" && reason !== "other_scheme"

/** RFC 6750 §3: no error code where the request carried no credentials. */
export const challenge = (reason: InvalidTokenReason) =>
  hasCredentials(reason)
    ? `${realm}, error="invalid_token", error_description="The access token is invalid or expired"`
    : realm

const body = <const N extends number, const M extends string>(
  identifier: string,
  status: N,
  error: M
) =>
  Schema.Struct({ error: Schema.Literal(error), status: Schema.Literal(status) }).annotate({
    identifier,
    httpApiStatus: status
  })

// ChatKit's client shows `message`; bodies carry it once the caller is known.
const message = Schema.optionalKey(Schema.String)

/** A row without headers. Only the sentence crosses: a typed client decodes `blank`. */
const row = <E extends { readonly _tag: string }, const N extends number, const M extends string>(
  schema: Schema.Codec<E, unknown>,
  blank: E,
  status: N,
  error: M,
  identifier: string = blank._tag
) =>
  body(identifier, status, error).pipe(
    Schema.decodeTo(
      Schema.toType(schema),
      SchemaTransformation.transform({ decode: () => blank, encode: () => ({ error, status }) })
    ),
    HttpApiSchema.status(status)
  )

export const InvalidTokenWire = InvalidToken.pipe(
  HttpApiSchema.encodeToWithHeaders(
    {
      body: body("InvalidToken", 401, sentences.InvalidToken),
      headers: { "www-authenticate": Schema.String }
    },
    {
      decode: ({ headers }) =>
        new InvalidToken({
          reason: headers["www-authenticate"].includes("error=") ? "claims" : "no_credentials"
        }),
      encode: (error) => ({
        body: { error: sentences.InvalidToken, status: 401 } as const,
        headers: { "www-authenticate": challenge(error.reason) }
      })
    }
  )
)

export const UserNotFoundWire = row(UserNotFound, new UserNotFound(), 404, sentences.UserNotFound)

export const NoActiveSessionWire = row(
  NoActiveSession,
  new NoActiveSession({}),
  404,
  sentences.NoActiveSession
)

/** `DbUnavailable` and `KeysUnavailable`: to the client both are the same outage. */
export const UnavailableWire = Schema.Union([DbUnavailable, KeysUnavailable]).pipe(
  HttpApiSchema.encodeToWithHeaders(
    {
      body: Schema.Struct({
        error: Schema.Literal(sentences.Unavailable),
        status: Schema.Literal(503),
        message
      }).annotate({ identifier: "DbUnavailable", httpApiStatus: 503 }),
      headers: { "retry-after": Schema.String }
    },
    {
      decode: () => new DbUnavailable({ operation: "undisclosed" }),
      encode: () => ({
        body: { error: sentences.Unavailable, status: 503 } as const,
        headers: { "retry-after": retryAfter }
      })
    }
  )
)

/** A row whose sentence is the error's own. */
const worded = <E extends { readonly _tag: string }, const N extends number>(
  schema: Schema.Codec<E, unknown>,
  identifier: E["_tag"],
  status: N,
  words: { readonly of: (error: E) => string; readonly make: (sentence: string) => E }
) =>
  Schema.Struct({ error: Schema.String, status: Schema.Literal(status), message })
    .annotate({ identifier, httpApiStatus: status })
    .pipe(
      Schema.decodeTo(
        Schema.toType(schema),
        SchemaTransformation.transform({
          decode: ({ error }) => words.make(error),
          encode: (error) => ({ error: words.of(error), status })
        })
      ),
      HttpApiSchema.status(status)
    )

export const InvalidRequestWire = worded(InvalidRequest, "InvalidRequest", 400, {
  of: ({ problem }) => problem,
  make: (problem) => new InvalidRequest({ problem })
})

const objects = Schema.Literals(["Thread not found", "Item not found", "Attachment not found"])

export const NotFoundWire = Schema.Struct({ error: objects, status: Schema.Literal(404), message })
  .annotate({ identifier: "NotFound", httpApiStatus: 404 })
  .pipe(
    Schema.decodeTo(
      Schema.toType(NotFound),
      SchemaTransformation.transform({
        decode: ({ error }) =>
          new NotFound({ object: error.split(" ", 1)[0] as NotFound["object"] }),
        encode: ({ object }) => ({ error: `${object} not found` as const, status: 404 as const })
      })
    ),
    HttpApiSchema.status(404)
  )

/** Why this thread does not take the request. */
export const ConflictWire = worded(Conflict, "Conflict", 409, {
  of: ({ reason }) => reason,
  make: (reason) => new Conflict({ reason })
})

/** `TooManyStreams` and `TooManyAttachments`. */
export const TooManyWire = Schema.Union([TooManyStreams, TooManyAttachments]).pipe(
  HttpApiSchema.encodeToWithHeaders(
    {
      body: Schema.Struct({
        error: Schema.Literals([sentences.TooManyStreams, sentences.TooManyAttachments]),
        status: Schema.Literal(429),
        message
      }).annotate({ identifier: "TooMany", httpApiStatus: 429 }),
      headers: { "retry-after": Schema.String }
    },
    {
      decode: ({ body }) =>
        body.error === sentences.TooManyStreams ? new TooManyStreams() : new TooManyAttachments(),
      encode: ({ _tag }) => ({
        body: { error: sentences[_tag], status: 429 } as const,
        headers: { "retry-after": retryAfter }
      })
    }
  )
)

export const AlreadyUploadedWire = row(
  AlreadyUploaded,
  new AlreadyUploaded(),
  409,
  sentences.AlreadyUploaded
)
export const AttachmentTooLargeWire = row(
  AttachmentTooLarge,
  new AttachmentTooLarge(),
  413,
  sentences.AttachmentTooLarge
)
export const AttachmentTypeRefusedWire = row(
  AttachmentTypeRefused,
  new AttachmentTypeRefused(),
  415,
  sentences.AttachmentTypeRefused
)
export const LinkInvalidWire = row(LinkInvalid, new LinkInvalid(), 403, sentences.LinkInvalid)
export const UploadMalformedWire = row(
  UploadMalformed,
  new UploadMalformed(),
  400,
  sentences.UploadMalformed
)
export const ResponderFailedWire = row(
  ResponderFailed,
  new ResponderFailed({ reason: "failed" }),
  502,
  sentences.ResponderFailed
)

const refused = <const N extends Refused["status"]>(status: N) =>
  row(
    Refused.check(Schema.makeFilter((refused) => refused.status === status)),
    new Refused({ status }),
    status,
    sentences[status],
    `Refused${status}`
  )

/** What the platform refuses before a handler runs; `http/Refusals.ts` speaks these sentences. */
export const RefusedWire = [refused(413), refused(415), refused(500)] as const
