import type { Prompt } from "effect/ai"
import type { Part } from "../events/PartsToEvents.ts"

/** How much one answer has used. */
export interface Used {
  /** Another one after a failure. */
  model: string
  rounds: number
  inputTokens: number
  outputTokens: number
}

/** More is no count of one request: no model reads or writes as much. */
const mostTokens = 100_000_000

/** Characters that stand for a file: a picture costs about a thousand tokens. */
const charactersOfFile = 4_000

/** The count of an answer that has not begun. */
export const nothingUsed = (model: string): Used => ({
  model,
  rounds: 0,
  inputTokens: 0,
  outputTokens: 0
})

/**
 * Counts one request, also one that was cut off. Where the provider counts nothing, or something
 * that is no count, the tokens are estimated from the characters that the model read and wrote, so
 * that a daily limit holds with every provider and for those who stop each answer.
 */
export const count = (used: Used, prompt: Prompt.Prompt, said: ReadonlyArray<Part>): void => {
  // The model was not reached.
  if (said.length === 0) return
  const usage = said.findLast((part) => part.type === "finish")?.usage
  used.inputTokens += counted(usage?.inputTokens.total) ?? estimated(charactersRead(prompt))
  used.outputTokens += counted(usage?.outputTokens.total) ?? estimated(charactersWritten(said))
}

/** The tokens as a whole number; undefined for what counts nothing, as a 0 of a server that cannot. */
const counted = (tokens: number | undefined): number | undefined =>
  tokens !== undefined && tokens > 0 && tokens <= mostTokens ? Math.ceil(tokens) : undefined

/** A token is about four characters of text. */
const estimated = (characters: number): number => Math.ceil(characters / 4)

const sum = <A>(list: ReadonlyArray<A>, of: (value: A) => number): number =>
  list.reduce((all, value) => all + of(value), 0)

const charactersRead = ({ content }: Prompt.Prompt): number =>
  sum(content, (message) =>
    typeof message.content === "string"
      ? message.content.length
      : sum<Prompt.Part>(message.content, charactersOf)
  )

const charactersOf = (part: Prompt.Part): number => {
  switch (part.type) {
    case "text":
    case "reasoning":
      return part.text.length
    case "file":
      return charactersOfFile
    case "tool-call":
      return charactersOfJson(part.params)
    case "tool-result":
      return charactersOfJson(part.result)
    default:
      return 0
  }
}

/** The parts of a stream have deltas, and those of a whole answer texts. */
const charactersWritten = (said: ReadonlyArray<Part>): number =>
  sum(said, (part) => {
    switch (part.type) {
      case "text-delta":
      case "reasoning-delta":
        return part.delta.length
      case "text":
      case "reasoning":
        return part.text.length
      case "tool-call":
        return charactersOfJson(part.params)
      default:
        return 0
    }
  })

const charactersOfJson = (value: unknown): number => JSON.stringify(value)?.length ?? 0
