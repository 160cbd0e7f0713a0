import { ByteSize } from "effect"
import { integer, itemsOf, setting, size } from "./Setting.ts"

/** Common types that a server can check against the bytes of a file. */
const usualTypes: ReadonlyArray<string> = [
  "image/png",
  "image/jpeg",
  "image/webp",
  "image/gif",
  "application/pdf",
  "text/plain",
  "text/csv",
  "text/markdown",
  "application/json"
]

/** RFC 6838 §4.2, which, unlike RFC 9110, has no `*`. */
const mediaType = /^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/

export const chatKit = {
  attachmentLimit: size("ATTACHMENT_LIMIT", ByteSize.mebibytes(20), ByteSize.gibibytes(1)),
  /** Bytes of all attachments of one user together. */
  attachmentBytesPerUser: size(
    "ATTACHMENT_BYTES_PER_USER",
    ByteSize.gibibytes(1),
    ByteSize.tebibytes(1)
  ),
  /** Media types in lower case, without parameters. */
  attachmentTypes: setting(
    "ATTACHMENT_TYPES",
    (text) => {
      const types = itemsOf(text.toLowerCase())
      return types.length > 0 && types.every((type) => mediaType.test(type)) ? types : undefined
    },
    {
      fallback: () => usualTypes,
      advice:
        "list whole media types, comma-separated, without wildcards or parameters, as image/png,application/pdf"
    }
  ),
  streamsPerUser: integer("STREAMS_PER_USER", 8, { min: 1, max: 1000 }),
  /** Requests of one user that are answered at the same time; an open stream is none. */
  requestsAtOnce: integer("REQUESTS_AT_ONCE_PER_USER", 32, { min: 1, max: 10_000 }),
  requestsPerSecond: integer("REQUESTS_PER_SECOND_PER_USER", 50, { min: 1, max: 1_000_000 })
}
