import type { Prompt } from "effect/ai"
import type { Part } from "../events/PartsToEvents.ts"

/** How much one answer has used. */
export interface Used {
  model: string
  rounds: number
  inputTokens: number
  outputTokens: number
}

/**
 * Counts one request, also one that was cut off. What the provider has not counted is estimated,
 * so that nobody can ask without end by stopping each answer.
 */
export const count = (used: Used, prompt: Prompt.Prompt, said: ReadonlyArray<Part>): void => {
  // The model was not reached.
  if (said.length === 0) return
  const usage = said.findLast((part) => part.type === "finish")?.usage
  const written = said.reduce((sum, part) => sum + ("delta" in part ? part.delta.length : 0), 0)
  used.inputTokens += usage?.inputTokens.total ?? estimated(charactersOf(prompt))
  used.outputTokens += usage?.outputTokens.total ?? estimated(written)
}

/** A token is about four characters of text. */
const estimated = (characters: number): number => Math.ceil(characters / 4)

const charactersOf = ({ content }: Prompt.Prompt): number =>
  content.reduce((sum, message) => {
    if (typeof message.content === "string") return sum + message.content.length
    const parts: ReadonlyArray<object> = message.content
    return parts.reduce((all, part) => all + ("text" in part ? String(part.text).length : 0), sum)
  }, 0)
