import { Effect, Stream } from "effect"
import { fileTypeFromBuffer, supportedMimeTypes } from "file-type"
import { AttachmentTypeRefused } from "./Errors.ts"

const refused = new AttachmentTypeRefused()

/** Whether files of this media type are text: every byte of them can be checked. */
export const isText = (type: string): boolean =>
  type.startsWith("text/") || /[/+](json|xml)$/.test(type)

/** Passes the bytes through, and fails as soon as they cannot be a file of this media type. */
export const ofType =
  (type: string) =>
  <E>(bytes: Stream.Stream<Uint8Array, E>): Stream.Stream<Uint8Array, E | AttachmentTypeRefused> =>
    isText(type) ? text(bytes) : signed(bytes, type)

/** As many bytes as show what a file is. */
const headSize = 4100

const headed = <E>(
  bytes: Stream.Stream<Uint8Array, E>,
  judge: (head: Uint8Array) => Effect.Effect<void, AttachmentTypeRefused>
) =>
  Stream.suspend(() => {
    let head: Uint8Array = Buffer.alloc(0)
    const look = (chunk: Uint8Array) => {
      if (head.length === headSize) return Effect.void
      head = Buffer.concat([head, chunk.subarray(0, headSize - head.length)])
      return head.length === headSize ? judge(head) : Effect.void
    }
    const rest = Effect.suspend(() => (head.length === headSize ? Effect.void : judge(head)))
    return Stream.concat(Stream.tap(bytes, look), Stream.drain(Stream.fromEffect(rest)))
  })

/** What else files of a type may look like. */
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

/** A PNG that is damaged after its signature is still nothing else; the library wants its chunks. */
const pngSignature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1")
const isDamagedPng = (type: string, head: Uint8Array) =>
  type === "image/png" && pngSignature.equals(head.subarray(0, pngSignature.length))

/** Files that begin with a signature; where a type has none, at least they have no other's. */
const signed = <E>(bytes: Stream.Stream<Uint8Array, E>, type: string) =>
  headed(bytes, (head) =>
    Effect.promise(() => fileTypeFromBuffer(head).catch(() => undefined)).pipe(
      Effect.flatMap((found) => {
        const fits =
          type === "application/octet-stream" ||
          (found === undefined
            ? !known.has(type) || isDamagedPng(type, head)
            : found.mime === type || alsoSeenAs[type]?.includes(found.mime) === true)
        return fits ? Effect.void : Effect.fail(refused)
      })
    )
  )

/**
 * What can be valid text from its first byte to its last and is a document all the same. Shorter
 * signatures prove nothing here: "The free lunch" begins like a QuickTime film, "BMW" like a bitmap.
 */
const disguised = /^(%PDF-|%!PS|GIF8[79]a)/

/** UTF-8 without U+0000. */
const text = <E>(bytes: Stream.Stream<Uint8Array, E>) =>
  Stream.suspend(() => {
    const decoder = new TextDecoder("utf-8", { fatal: true })
    const decode = (chunk?: Uint8Array) =>
      Effect.try({
        try: () => void decoder.decode(chunk, { stream: chunk !== undefined }),
        catch: () => refused
      })
    const checked = Stream.tap(bytes, (chunk) =>
      chunk.includes(0) ? Effect.fail(refused) : decode(chunk)
    )
    const whole = Stream.concat(
      checked,
      Stream.drain(Stream.fromEffect(Effect.suspend(() => decode())))
    )
    return headed(whole, (head) =>
      disguised.test(Buffer.from(head).toString("latin1")) ? Effect.fail(refused) : Effect.void
    )
  })
