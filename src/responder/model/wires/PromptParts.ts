import { Base64 } from "effect/encoding"
import type { Prompt } from "effect/ai"

/** The bytes of a file in base64; a text is taken for base64 already. */
export const base64Of = ({ data }: Prompt.FilePart): string =>
  data instanceof Uint8Array ? Base64.encode(data) : String(data)

/** A URL stays one: then the model's server fetches the file itself. */
export const dataUrlOf = (part: Prompt.FilePart): string =>
  part.data instanceof URL ? part.data.href : `data:${part.mediaType};base64,${base64Of(part)}`

export const nameOf = ({ fileName }: Prompt.FilePart): string => fileName ?? "file"

/** A tool's result for the model: a text as it is, everything else as JSON. */
export const resultText = ({ result }: Pick<Prompt.ToolResultPart, "result">): string =>
  typeof result === "string" ? result : (JSON.stringify(result) ?? "null")
