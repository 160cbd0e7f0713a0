import { ByteSize, Effect, type Scope, Stream } from "effect"
import { type HttpServerRequest, Multipart } from "effect/http"
import { AttachmentTooLarge, UploadMalformed } from "../attachments/Errors.ts"

type Refusal = UploadMalformed | AttachmentTooLarge

/** A file in a form, as its sender describes it. */
export interface FormFile {
  readonly name: string
  readonly type: string
  /** They end well only where the whole form does. */
  readonly bytes: Stream.Stream<Uint8Array, Refusal>
}

/** Bytes a form may have around its file. */
export const formOverhead = 64 * 1024

/**
 * The one file in the form's field `file`. Nothing is kept of what else is in the form, and the
 * bytes are read as they are asked for, until the scope ends.
 */
export const formFile = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest,
  limit: number
): Effect.fn.Return<FormFile, Refusal, Scope.Scope> {
  const limits = Multipart.limitsServices({
    maxParts: 20,
    maxFieldSize: formOverhead,
    maxTotalSize: ByteSize.bytes(limit + formOverhead),
    // A JSON document is a file like any other.
    fieldMimeTypes: []
  })
  const files = request.multipartStream.pipe(
    Stream.provideContext(limits),
    Stream.mapError(refusalOf),
    Stream.filterEffect((part) =>
      isTheFile(part) ? Effect.succeed(true) : Effect.as(passedOver(part), false)
    )
  )
  const pull = yield* Stream.toPull(files)
  const [file, second] = yield* Effect.catchTag(pull, "Done", () => new UploadMalformed())
  if (!Multipart.isFile(file) || second !== undefined) return yield* new UploadMalformed()
  const rest = Stream.fromPull(Effect.succeed(pull)).pipe(
    Stream.mapEffect(() => new UploadMalformed())
  )
  const bytes = Stream.concat(Stream.mapError(file.content, refusalOf), rest)
  return { name: file.name, type: file.contentType, bytes }
})

const isTheFile = (part: Multipart.Part) => part.key === "file" && Multipart.isFile(part)

/** What nobody reads would hold up all that comes after it. */
const passedOver = (part: Multipart.Part) =>
  Multipart.isFile(part) ? Effect.mapError(Stream.runDrain(part.content), refusalOf) : Effect.void

const refusalOf = ({ reason }: Multipart.MultipartError): Refusal =>
  reason._tag === "BodyTooLarge" ? new AttachmentTooLarge() : new UploadMalformed()
