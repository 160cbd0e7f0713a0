import { ByteSize, Effect, type Scope, Stream } from "effect"
import { type HttpServerRequest, Multipart } from "effect/http"
import { AttachmentTooLarge, type SizeLimit, UploadMalformed } from "../../attachments/Errors.ts"

type Refusal = UploadMalformed | AttachmentTooLarge

/** A file in a form, as its sender describes it. */
export interface FormFile {
  readonly name: string
  readonly mime_type: string
  /** The stream fails when the rest of the form is malformed. */
  readonly bytes: Stream.Stream<Uint8Array, Refusal>
}

/** Bytes that a form may have besides its file. */
export const formOverhead = 64 * 1024

/**
 * The one file in the form's field `file`. Other parts are dropped. The bytes are read from the
 * socket only as they are pulled, until the scope ends.
 */
export const formFile = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest,
  limit: SizeLimit
): Effect.fn.Return<FormFile, Refusal, Scope.Scope> {
  const limits = Multipart.limitsServices({
    maxParts: 20,
    maxFieldSize: formOverhead,
    maxTotalSize: ByteSize.bytes(limit.bytes + formOverhead),
    // A JSON document is a file like any other.
    fieldMimeTypes: []
  })
  const refusalOf = ({ reason }: Multipart.MultipartError): Refusal =>
    reason._tag === "BodyTooLarge" ? new AttachmentTooLarge({ limit }) : new UploadMalformed()
  const files = request.multipartStream.pipe(
    Stream.provideContext(limits),
    Stream.mapError(refusalOf),
    Stream.filterEffect((part) =>
      isTheFile(part)
        ? Effect.succeed(true)
        : Effect.as(Effect.mapError(drain(part), refusalOf), false)
    )
  )
  const pull = yield* Stream.toPull(files)
  const [file, second] = yield* Effect.catchTag(pull, "Done", () => new UploadMalformed())
  if (!Multipart.isFile(file) || second !== undefined) return yield* new UploadMalformed()
  const rest = Stream.fromPull(Effect.succeed(pull)).pipe(
    Stream.mapEffect(() => new UploadMalformed())
  )
  const bytes = Stream.concat(Stream.mapError(file.content, refusalOf), rest)
  return { name: file.name, mime_type: file.contentType, bytes }
})

const isTheFile = (part: Multipart.Part) => part.key === "file" && Multipart.isFile(part)

/** An unread part blocks the parser, so it is drained. */
const drain = (part: Multipart.Part) =>
  Multipart.isFile(part) ? Stream.runDrain(part.content) : Effect.void
