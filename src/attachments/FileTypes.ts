import { Effect, Stream } from "effect"
import { fileTypeFromBuffer, supportedMimeTypes } from "file-type"
import { AttachmentTypeRefused } from "./Errors.ts"
import { isText } from "./MediaTypes.ts"

const refused = (problem: string) => Effect.fail(new AttachmentTypeRefused({ problem }))

const another = (type: string, found: string) =>
  refused(
    `The file is not of type ${type} but ${found}: give its name the right ending, then choose it again`
  )

/** Passes the bytes through, and fails as soon as they cannot be a file of this media type. */
export const ofType =
  (type: string) =>
  <E>(bytes: Stream.Stream<Uint8Array, E>): Stream.Stream<Uint8Array, E | AttachmentTypeRefused> =>
    isText(type) ? text(bytes, type) : signed(bytes, type)

/** Bytes at the start of a file that `file-type` needs to recognise it. */
const headSize = 4100

/** Passes the bytes through, and checks their head as soon as it is complete. */
const headChecked = <E>(
  bytes: Stream.Stream<Uint8Array, E>,
  check: (head: Uint8Array) => Effect.Effect<void, AttachmentTypeRefused>
) =>
  Stream.suspend(() => {
    let head: Uint8Array = Buffer.alloc(0)
    const collect = (chunk: Uint8Array) => {
      if (head.length === headSize) return Effect.void
      head = Buffer.concat([head, chunk.subarray(0, headSize - head.length)])
      return head.length === headSize ? check(head) : Effect.void
    }
    const end = Effect.suspend(() => (head.length === headSize ? Effect.void : check(head)))
    return Stream.concat(Stream.tap(bytes, collect), Stream.drain(Stream.fromEffect(end)))
  })

/** Other types as which `file-type` may recognise a file of this type. */
const alsoSeenAs: Readonly<Record<string, ReadonlyArray<string>>> = {
  "image/png": ["image/apng"],
  "image/heic": ["image/heif"],
  "image/heif": ["image/heic"],
  "application/msword": ["application/x-cfb"],
  "application/vnd.ms-excel": ["application/x-cfb"],
  "application/vnd.ms-powerpoint": ["application/x-cfb"]
}

const known: ReadonlySet<string> = new Set([
  ...supportedMimeTypes,
  ...Object.values(alsoSeenAs).flat(),
  ...Object.keys(alsoSeenAs)
])

/** Readers of PDF look for its signature in the first 1,024 bytes: what comes before it is skipped. */
const isLatePdf = (type: string, head: Uint8Array) =>
  type === "application/pdf" && Buffer.from(head.subarray(0, 1024)).includes("%PDF-")

/** `file-type` needs the chunks of a PNG. One that is damaged after its signature is a PNG still. */
const pngSignature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1")
const isDamagedPng = (type: string, head: Uint8Array) =>
  type === "image/png" && pngSignature.equals(head.subarray(0, pngSignature.length))

/** Files that begin with their type's signature, or at least not with the signature of another. */
const signed = <E>(bytes: Stream.Stream<Uint8Array, E>, type: string) =>
  headChecked(bytes, (head) =>
    Effect.promise(() => fileTypeFromBuffer(head).catch(() => undefined)).pipe(
      Effect.flatMap((found) => {
        if (type === "application/octet-stream") return Effect.void
        if (found === undefined) {
          return !known.has(type) || isDamagedPng(type, head) || isLatePdf(type, head)
            ? Effect.void
            : refused(`The file is not of type ${type}, or is damaged: choose another one`)
        }
        return found.mime === type || alsoSeenAs[type]?.includes(found.mime) === true
          ? Effect.void
          : another(type, found.mime)
      })
    )
  )

/**
 * Documents and images that can be valid text from the first byte to the last. Shorter signatures
 * prove nothing here: "The free lunch" begins like a QuickTime film, "BMW" like a bitmap.
 */
const disguised = [
  ["%PDF-", "application/pdf"],
  ["%!PS", "application/postscript"],
  ["GIF87a", "image/gif"],
  ["GIF89a", "image/gif"]
] as const

/**
 * UTF-8 without U+0000. Text in other encodings is refused rather than guessed at: whatever reads a
 * file later, a model or a browser, takes it for UTF-8.
 */
const text = <E>(bytes: Stream.Stream<Uint8Array, E>, type: string) =>
  Stream.suspend(() => {
    const decoder = new TextDecoder("utf-8", { fatal: true })
    const notText = refused(
      `The file is not text in UTF-8, as ${type} has to be: save it as UTF-8, then choose it again`
    )
    const decode = (chunk?: Uint8Array) =>
      Effect.catch(
        Effect.try(() => void decoder.decode(chunk, { stream: chunk !== undefined })),
        () => notText
      )
    const checked = Stream.tap(bytes, (chunk) => (chunk.includes(0) ? notText : decode(chunk)))
    const whole = Stream.concat(
      checked,
      Stream.drain(Stream.fromEffect(Effect.suspend(() => decode())))
    )
    return headChecked(whole, (head) => {
      const start = Buffer.from(head.subarray(0, 8)).toString("latin1")
      const found = disguised.find(([signature]) => start.startsWith(signature))
      return found === undefined ? Effect.void : another(type, found[1])
    })
  })
