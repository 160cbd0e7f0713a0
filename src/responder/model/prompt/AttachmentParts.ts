import { Effect, Stream } from "effect"
import type { Prompt } from "effect/ai"
import type { DbUnavailable } from "../../../core/Errors.ts"
import type { Attachment } from "../../../protocol/Attachments.ts"
import type { Turn } from "../../Turn.ts"

type Part = Prompt.UserMessagePartEncoded

/** Bytes of all files together that one request carries to a model. */
const mostBytes = 24 * 1024 * 1024

/** Bytes of one text file that a model is shown. */
const mostText = 256 * 1024

const isText = (type: string) =>
  type.startsWith("text/") || /^application\/(.+\+)?(json|xml|yaml|toml)$/.test(type)

/** The types that models see. One picture of another type would make them refuse the whole thread. */
const pictures = new Set(["image/png", "image/jpeg", "image/webp", "image/gif"])

/**
 * Turns attachments into parts of a prompt, as long as the request has room for their bytes:
 * images and PDFs as they are, text files as text. A file of another type, or one that no longer
 * fits or exists, is named only.
 */
export const attachmentParts = (turn: Turn) => {
  let room = mostBytes

  const bytesOf = (id: string, limit: number) =>
    turn.read(id).pipe(
      Stream.scan(
        () => ({ length: 0, chunk: new Uint8Array() as Uint8Array }),
        ({ length }, chunk: Uint8Array) => ({ length: length + chunk.length, chunk })
      ),
      Stream.takeUntil(({ length }) => length > limit),
      Stream.runCollect,
      Effect.map((steps) => {
        const length = steps.at(-1)?.length ?? 0
        if (length > limit) return undefined
        const all = new Uint8Array(length)
        for (const { chunk, length: end } of steps) all.set(chunk, end - chunk.length)
        room -= length
        return all
      })
    )

  const named = ({ mime_type, name }: Attachment, why: string): Part => ({
    type: "text",
    text: `[Attached: ${name} (${mime_type}); ${why}]`
  })

  return (attachment: Attachment): Effect.Effect<Part, DbUnavailable> => {
    const { id, mime_type, name } = attachment
    const type = mime_type.split(";", 1)[0]!.trim().toLowerCase()
    const isFile = pictures.has(type) || type === "application/pdf"
    if (!isFile && !isText(type)) return Effect.succeed(named(attachment, "it cannot be read here"))
    return bytesOf(id, Math.min(room, isFile ? room : mostText)).pipe(
      Effect.map((data): Part => {
        if (data === undefined) return named(attachment, "it is too large to be read here")
        return isFile
          ? { type: "file", mediaType: type, fileName: name, data }
          : { type: "text", text: `Attached file ${name}:\n${new TextDecoder().decode(data)}` }
      }),
      Effect.catchTag("NotFound", () => Effect.succeed(named(attachment, "it has been removed")))
    )
  }
}
