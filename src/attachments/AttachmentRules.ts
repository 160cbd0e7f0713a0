import { type ByteSize, Effect, type Stream } from "effect"
import type { AttachmentFields } from "./AttachmentStore.ts"
import { AttachmentTooLarge, AttachmentTypeRefused } from "./Errors.ts"
import { mediaTypeOf } from "./MediaTypes.ts"

/** A file together with its bytes. */
export interface NewFile<E = never> extends Pick<AttachmentFields, "name" | "mime_type"> {
  readonly bytes: Stream.Stream<Uint8Array, E>
}

/** The files that may be attached. */
export interface AttachmentRules {
  /** Bytes of one attachment. */
  readonly limit: ByteSize.ByteSize
  /** Media types in lower case. */
  readonly types: ReadonlySet<string>
}

/** Attachments of one user that may wait to be used in a message. */
export const waitingLimit = 100

/** Refuses a file by what its sender says about it. */
export const checkFile = (
  { limit, types }: AttachmentRules,
  file: { readonly size: number; readonly mime_type: string }
): Effect.Effect<void, AttachmentTooLarge | AttachmentTypeRefused> => {
  if (file.size > Number(limit)) return Effect.fail(new AttachmentTooLarge())
  if (!types.has(mediaTypeOf(file.mime_type))) return Effect.fail(new AttachmentTypeRefused())
  return Effect.void
}
