// Longer than most files: it declares every row of the table to both audiences.

import { Schema, SchemaTransformation } from "effect"
import { HttpApiSchema } from "effect/http-api"
import {
  AlreadyUploaded,
  AttachmentEmpty,
  AttachmentNameTooLong,
  AttachmentSpaceFull,
  AttachmentTooLarge,
  AttachmentTypeRefused,
  LinkInvalid,
  TooManyAttachments,
  UploadMalformed,
  UploadPartial
} from "../attachments/Errors.ts"
import { InvalidToken, KeysUnavailable, NoActiveSession, UserNotFound } from "../auth/Errors.ts"
import {
  Conflict,
  DbUnavailable,
  InvalidRequest,
  NotFound,
  TooManyRequests
} from "../core/Errors.ts"
import { NotReady } from "../health/Errors.ts"
import { ResponderFailed } from "../responder/Errors.ts"
import { ThreadNotActive, TooManyStreams } from "../turns/Errors.ts"
import { type Audience, bodyOf, type ErrorBody, headersOf } from "./ErrorBody.ts"
import { type ErrorRow, errorTable, notFound } from "./ErrorTable.ts"
import { BodyTooLarge, ContentEncodingRefused, Refused } from "./Refused.ts"

interface Received {
  readonly body: ErrorBody
  readonly headers: Readonly<Record<string, string>>
}

/** The schema of a row. The failure is not sent: `decode` makes one from the row for a client. */
const schemaOf =
  (audience: Audience) =>
  <Failure>(options: {
    readonly failure: Schema.Codec<Failure, unknown>
    readonly row: ErrorRow<Failure>
    readonly name: string
    /** The sentences the row can have, where they depend on the failure. */
    readonly sentences?: Schema.Codec<string>
    readonly decode: (received: Received) => Failure
  }): Schema.Codec<Failure, unknown> => {
    const { decode, failure, name, row } = options
    const { headers, status, when } = row
    const sentence = options.sentences ?? literal(row.sentence)
    const fields = { error: sentence, status: Schema.Literal(status) }
    const plain: Schema.Codec<ErrorBody> =
      audience === "user" ? Schema.Struct({ ...fields, message: sentence }) : Schema.Struct(fields)
    const body = plain.annotate({
      identifier: audience === "user" ? `${name}WithMessage` : name,
      description: when,
      httpApiStatus: status
    })
    if (headers === undefined) {
      return body.pipe(
        Schema.decodeTo(
          Schema.toType(failure),
          SchemaTransformation.transform({
            decode: (body) => decode({ body, headers: {} }),
            encode: (failure) => bodyOf(row, failure, audience)
          })
        ),
        HttpApiSchema.status(status),
        Schema.annotate({ description: when })
      )
    }
    return failure.pipe(
      HttpApiSchema.encodeToWithHeaders(
        {
          body,
          headers: Object.fromEntries(Object.keys(headers).map((name) => [name, Schema.String]))
        },
        {
          decode,
          encode: (failure) => ({
            body: bodyOf(row, failure, audience),
            headers: headersOf(row, failure)
          })
        }
      ),
      Schema.annotate({ description: when })
    )
  }

const literal = <Failure>(sentence: ErrorRow<Failure>["sentence"]): Schema.Codec<string> =>
  typeof sentence === "string" ? Schema.Literal(sentence) : Schema.String

const objects = NotFound.fields.object.literals

/** Sentences that begin alike: a status may have several rows, which a client tells apart by them. */
const sentenceWith = (start: string) => Schema.TemplateLiteral([start, Schema.String])

type TooMany = TooManyRequests | TooManyStreams | TooManyAttachments

const tooManyRows = [
  errorTable.TooManyRequests,
  errorTable.TooManyStreams,
  errorTable.TooManyAttachments
] as const

const tooMany: ErrorRow<TooMany> = {
  ...errorTable.TooManyStreams,
  sentence: ({ _tag }) => errorTable[_tag].sentence,
  when: tooManyRows.map(({ when }) => when).join("; or: ")
}

const conflict: ErrorRow<Conflict | ThreadNotActive> = {
  ...errorTable.Conflict,
  sentence: (failure) =>
    failure._tag === "Conflict"
      ? errorTable.Conflict.sentence(failure)
      : errorTable.ThreadNotActive.sentence(failure)
}

const unsupported: ErrorRow<Refused | ContentEncodingRefused> = {
  ...errorTable.ContentTypeRefused,
  sentence: (failure) =>
    failure._tag === "Refused"
      ? errorTable.ContentTypeRefused.sentence
      : errorTable.ContentEncodingRefused.sentence(failure),
  when: `${errorTable.ContentTypeRefused.when}; or: ${errorTable.ContentEncodingRefused.when}`
}

/** The rows as the contract declares them to one audience. */
const errorsFor = (audience: Audience) => {
  const schema = schemaOf(audience)
  const plain = <Failure>(
    failure: Schema.Codec<Failure, unknown> & {
      readonly identifier: string
      new (): Failure
    },
    row: ErrorRow<Failure>
  ) => schema({ failure, row, name: failure.identifier, decode: () => new failure() })
  const refused = <const S extends Refused["status"]>(status: S, row: ErrorRow) =>
    schema({
      failure: Refused.check(Schema.makeFilter((refused) => refused.status === status)),
      row,
      name: `Refused${status}`,
      decode: () => new Refused({ status })
    })
  return {
    InvalidToken: schema({
      failure: InvalidToken,
      row: errorTable.InvalidToken,
      name: "InvalidToken",
      decode: ({ headers }) =>
        new InvalidToken({
          reason: headers["www-authenticate"]?.includes("error=") ? "claims" : "no_credentials"
        })
    }),
    UserNotFound: plain(UserNotFound, errorTable.UserNotFound),
    NoActiveSession: schema({
      failure: NoActiveSession,
      row: errorTable.NoActiveSession,
      name: "NoActiveSession",
      decode: () => new NoActiveSession({})
    }),
    /** `DbUnavailable` and `KeysUnavailable`: to the client both are the same outage. */
    Unavailable: schema<DbUnavailable | KeysUnavailable>({
      failure: Schema.Union([DbUnavailable, KeysUnavailable]),
      row: errorTable.DbUnavailable,
      name: "Unavailable",
      decode: () => new DbUnavailable({ operation: "undisclosed" })
    }),
    InvalidRequest: schema({
      failure: InvalidRequest,
      row: errorTable.InvalidRequest,
      name: "InvalidRequest",
      decode: ({ body }) => new InvalidRequest({ problem: body.error })
    }),
    NotFound: schema({
      failure: NotFound,
      row: errorTable.NotFound,
      name: "NotFound",
      sentences: Schema.Literals(objects.map((object) => notFound[object])),
      decode: ({ body }) =>
        new NotFound({ object: objects.find((object) => body.error === notFound[object])! })
    }),
    /** `Conflict` and `ThreadNotActive`: a client reads the sentence. */
    Conflict: schema<Conflict | ThreadNotActive>({
      failure: Schema.Union([Conflict, ThreadNotActive]),
      row: conflict,
      name: "Conflict",
      decode: ({ body }) => new Conflict({ reason: body.error })
    }),
    /** A status has one schema with headers. */
    TooMany: schema<TooMany>({
      failure: Schema.Union([TooManyRequests, TooManyStreams, TooManyAttachments]),
      row: tooMany,
      name: "TooMany",
      sentences: Schema.Literals(tooManyRows.map(({ sentence }) => sentence)),
      decode: ({ body }) =>
        body.error === errorTable.TooManyStreams.sentence
          ? new TooManyStreams()
          : body.error === errorTable.TooManyAttachments.sentence
            ? new TooManyAttachments()
            : new TooManyRequests()
    }),
    ResponderFailed: schema({
      failure: ResponderFailed,
      row: errorTable.ResponderFailed,
      name: "ResponderFailed",
      decode: () => new ResponderFailed({ reason: "failed" })
    }),
    /** To a client what matters is the sentence, not the number in it. */
    AttachmentSpaceFull: schema({
      failure: AttachmentSpaceFull,
      row: errorTable.AttachmentSpaceFull,
      name: "AttachmentSpaceFull",
      sentences: sentenceWith("There is no room for this file"),
      decode: () => new AttachmentSpaceFull({ limit: 0 })
    }),
    AttachmentTooLarge: schema({
      failure: AttachmentTooLarge,
      row: errorTable.AttachmentTooLarge,
      name: "AttachmentTooLarge",
      sentences: sentenceWith("The file is larger than "),
      decode: () => new AttachmentTooLarge({ limit: { bytes: 0, announced: false } })
    }),
    AttachmentTypeRefused: schema({
      failure: AttachmentTypeRefused,
      row: errorTable.AttachmentTypeRefused,
      name: "AttachmentTypeRefused",
      sentences: Schema.Union([sentenceWith("The file is not "), sentenceWith("Files of ")]),
      decode: ({ body }) => new AttachmentTypeRefused({ problem: body.error })
    }),
    AttachmentEmpty: plain(AttachmentEmpty, errorTable.AttachmentEmpty),
    AttachmentNameTooLong: plain(AttachmentNameTooLong, errorTable.AttachmentNameTooLong),
    LinkInvalid: plain(LinkInvalid, errorTable.LinkInvalid),
    AlreadyUploaded: plain(AlreadyUploaded, errorTable.AlreadyUploaded),
    UploadMalformed: plain(UploadMalformed, errorTable.UploadMalformed),
    UploadPartial: plain(UploadPartial, errorTable.UploadPartial),
    NotReady: schema({
      failure: NotReady,
      row: errorTable.NotReady,
      name: "NotReady",
      decode: ({ body }) => new NotReady({ missing: [body.error] })
    }),
    BodyTooLarge: schema({
      failure: BodyTooLarge,
      row: errorTable.BodyTooLarge,
      name: "BodyTooLarge",
      sentences: Schema.Union(
        BodyTooLarge.fields.sent.literals.map((sent) =>
          Schema.TemplateLiteral([`The ${sent} is too large: at most `, Schema.String])
        )
      ),
      decode: ({ body }) => {
        const [, sent, atMost = ""] =
          /^The (\w+) is too large: at most (.*)$/.exec(body.error) ?? []
        return new BodyTooLarge({ sent: sent === "recording" ? sent : "message", atMost })
      }
    }),
    Refused415: schema<Refused | ContentEncodingRefused>({
      failure: Schema.Union([
        Refused.check(Schema.makeFilter(({ status }) => status === 415)),
        ContentEncodingRefused
      ]),
      row: unsupported,
      name: "Refused415",
      sentences: Schema.Union([
        Schema.Literal(errorTable.ContentTypeRefused.sentence),
        Schema.TemplateLiteral(["Unsupported content encoding ", Schema.String])
      ]),
      decode: ({ body }) =>
        body.error === errorTable.ContentTypeRefused.sentence
          ? new Refused({ status: 415 })
          : new ContentEncodingRefused({ encoding: "undisclosed" })
    }),
    /** `http/Refusals.ts` answers it, after a handler has run. */
    Refused500: refused(500, errorTable.InternalError)
  }
}

/** For what can only happen once the caller is authenticated: each body carries `message`. */
export const forUser = errorsFor("user")

/** For the authentication itself, and for routes that need none. */
export const forAnyone = errorsFor("anyone")
