import { ByteSize, Context, Effect } from "effect"
import { AttachmentTooLarge, AttachmentTypeRefused } from "./Errors.ts"

/** What may be attached: bytes at most, and the media types in lower case. */
export class AttachmentRules extends Context.Service<
  AttachmentRules,
  { readonly limit: ByteSize.ByteSize; readonly types: ReadonlySet<string> }
>()("effect-chatkit/attachments/AttachmentRules") {}

/** The media type itself, without parameters. */
export const mediaTypeOf = (mime: string): string =>
  (mime.split(";", 1)[0] ?? "").trim().toLowerCase()

/** Whether a file like this may be attached, by what the client says of it. */
export const admitted = Effect.fnUntraced(function* (size: number, mime: string) {
  const { limit, types } = yield* AttachmentRules
  if (size > Number(limit)) return yield* new AttachmentTooLarge()
  if (!types.has(mediaTypeOf(mime))) return yield* new AttachmentTypeRefused()
})
