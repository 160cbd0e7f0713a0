import { createHash } from "node:crypto"

/** One mistake in a text: `text` in place of what stands from `start` to `end`. */
export interface Edit {
  /** The rule that made it. */
  readonly kind: string
  readonly start: number
  readonly end: number
  readonly text: string
}

/** An edit of a source file. */
export interface Mutant extends Edit {
  /** The same as long as the file's text is. */
  readonly id: string
  /** From the root of the project, as `src/auth/Users.ts`. */
  readonly file: string
  /** From 1. */
  readonly line: number
  /** The line where it stands, without its indent: the list of equivalents names it by that. */
  readonly at: string
  /** The replaced text and its replacement, on one line and shortened. */
  readonly change: string
}

const shorten = (text: string) => {
  const line = text.replace(/\s+/g, " ").trim()
  return line.length <= 60 ? line : `${line.slice(0, 40)} … ${line.slice(-17)}`
}

export const hashOf = (text: string) =>
  createHash("sha256").update(text).digest("base64url").slice(0, 16)

export const mutantOf = (file: string, source: string, edit: Edit): Mutant => {
  const { end, kind, start, text } = edit
  const line = source.slice(0, start).split("\n").length
  return {
    ...edit,
    id: hashOf([hashOf(source), file, start, end, text].join(" ")),
    file,
    line,
    at: (source.split("\n")[line - 1] ?? "").trim(),
    change: `${kind}: ${shorten(source.slice(start, end))} → ${shorten(text) || "nothing"}`
  }
}

export const applied = (source: string, { end, start, text }: Edit): string =>
  source.slice(0, start) + text + source.slice(end)
