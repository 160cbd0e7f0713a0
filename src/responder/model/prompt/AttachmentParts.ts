import { Effect, Stream } from "effect"
import type { Prompt } from "effect/ai"
import type { DbUnavailable } from "../../../core/Errors.ts"
import type { Attachment } from "../../../protocol/Attachments.ts"
import type { Turn } from "../../Turn.ts"
import { pictureTypeOf, pictureTypes } from "../PictureType.ts"

type Part = Prompt.UserMessagePartEncoded

/** Bytes of all files together that one request carries to a model. */
const mostBytes = 24 * 1024 * 1024

/** Bytes of one text file that a model is shown. */
const mostText = 256 * 1024

const isText = (type: string) =>
  type.startsWith("text/") || /^application\/(.+\+)?(json|xml|yaml|toml)$/.test(type)

/**
 * Turns attachments into parts of a prompt, as long as the request has room for their bytes:
 * images and PDFs as they are, text files as text, long ones cut. A file of another type, or one
 * that no longer fits or exists, is named only. The type of a picture is that of its bytes.
 */
export const attachmentParts = (turn: Turn) => {
  let room = mostBytes

  /** The bytes up to the limit, and whether these are all. */
  const beginningOf = (id: string, limit: number) =>
    turn.read(id).pipe(
      Stream.scan(
        () => ({ length: 0, chunk: new Uint8Array() as Uint8Array }),
        ({ length }, chunk: Uint8Array) => ({ length: length + chunk.length, chunk })
      ),
      Stream.takeUntil(({ length }) => length > limit),
      Stream.runCollect,
      Effect.map((steps) => {
        const length = steps.at(-1)?.length ?? 0
        const data = new Uint8Array(Math.min(length, limit))
        for (const { chunk, length: end } of steps) {
          const start = end - chunk.length
          data.set(chunk.subarray(0, data.length - start), start)
        }
        return { data, isWhole: length <= limit }
      })
    )

  const named = ({ mime_type, name }: Attachment, why: string): Part => ({
    type: "text",
    text: `[Attached: ${name} (${mime_type}); ${why}]`
  })

  return (attachment: Attachment): Effect.Effect<Part, DbUnavailable> => {
    const { id, mime_type, name } = attachment
    const type = mime_type.split(";", 1)[0]!.trim().toLowerCase()
    const isPicture = pictureTypes.has(type)
    const isFile = isPicture || type === "application/pdf"
    if (!isFile && !isText(type)) return Effect.succeed(named(attachment, "it cannot be read here"))
    return beginningOf(id, Math.min(room, isFile ? room : mostText)).pipe(
      Effect.map(({ data, isWhole }): Part => {
        if (!isWhole && (isFile || data.length === 0)) {
          return named(attachment, "it is too large to be read here")
        }
        const mediaType = isPicture ? pictureTypeOf(data) : type
        if (mediaType === undefined) return named(attachment, "it cannot be read here")
        room -= data.length
        if (isFile) return { type: "file", mediaType, fileName: name, data }
        // A character that was cut in two is left out.
        const text = new TextDecoder().decode(data, { stream: !isWhole })
        const note = isWhole ? "" : "\n[cut: the file is longer]"
        return { type: "text", text: `Attached file ${name}:\n${text}${note}` }
      }),
      Effect.catchTag("NotFound", () => Effect.succeed(named(attachment, "it has been removed")))
    )
  }
}
