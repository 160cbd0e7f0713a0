import { type ByteSize, Effect, type Stream } from "effect"
import type { AttachmentFields } from "./AttachmentStore.ts"
import {
  AttachmentEmpty,
  AttachmentNameTooLong,
  AttachmentTooLarge,
  AttachmentTypeRefused,
  type SizeLimit
} from "./Errors.ts"
import { typeOfFile } from "./MediaTypes.ts"

/** A file together with its bytes. */
export interface NewFile<E = never> extends Pick<AttachmentFields, "name" | "mime_type"> {
  readonly bytes: Stream.Stream<Uint8Array, E>
  /** Bytes that it has at most, where that is known before they are read. */
  readonly size?: number | undefined
}

/** The files that may be attached. */
export interface AttachmentRules {
  /** Bytes of one attachment. */
  readonly limit: ByteSize.ByteSize
  /** Bytes of all attachments of one user together. */
  readonly bytesPerUser: ByteSize.ByteSize
  /** Media types in lower case. */
  readonly types: ReadonlySet<string>
}

/** Attachments of one user that may wait to be used in a message. */
export const waitingLimit = 100

/** Characters (UTF-16 code units) of a file's name, as most file systems have them. */
const maxName = 255

export const checkName = (name: string): Effect.Effect<void, AttachmentNameTooLong> =>
  name.length > maxName ? Effect.fail(new AttachmentNameTooLong()) : Effect.void

/** Refuses a file by the bytes that its sender says it has. */
export const checkSize = (
  { limit }: AttachmentRules,
  size: number
): Effect.Effect<void, AttachmentEmpty | AttachmentTooLarge> => {
  if (size <= 0) return Effect.fail(new AttachmentEmpty())
  const bytes = Number(limit)
  return size > bytes
    ? Effect.fail(new AttachmentTooLarge({ limit: { bytes, announced: false } }))
    : Effect.void
}

/** The bytes that the upload of an attachment may have: never more than were announced. */
export const uploadLimit = ({ limit }: AttachmentRules, announced: number): SizeLimit =>
  announced <= Number(limit)
    ? { bytes: announced, announced: true }
    : { bytes: Number(limit), announced: false }

/** The media type that the file is taken for, where files of that type are taken. */
export const acceptedType = (
  { types }: AttachmentRules,
  file: Pick<NewFile, "name" | "mime_type">
): Effect.Effect<string, AttachmentTypeRefused> => {
  const type = typeOfFile(file, types)
  if (types.has(type)) return Effect.succeed(type)
  // The text is a client's, and goes into a sentence that a person reads.
  const named = /^[\w.+-]{1,60}\/[\w.+-]{1,100}$/.test(type) ? `type ${type}` : "this type"
  return Effect.fail(
    new AttachmentTypeRefused({
      problem: `Files of ${named} cannot be attached: choose one of type ${[...types].join(", ")}`
    })
  )
}
