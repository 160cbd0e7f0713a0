import { Effect } from "effect"
import { LanguageModel, Prompt } from "effect/ai"
import type { UserMessageItem } from "../../protocol/Items.ts"
import { ModelRequest } from "./ModelRequest.ts"
import { count, type Used } from "./usage/Used.ts"

const instructions =
  "Write a title for the conversation that begins with the following message: two to five words, in the language of the message, without quotation marks and without a full stop. Answer with the title only."

/** Characters of the message that the title is made from, and of the title. */
const mostRead = 2000
const mostWritten = 80

/**
 * A title from the model of `used`, where its tokens are counted; undefined when there is nothing
 * to name or nothing came.
 */
export const titleFor = (message: UserMessageItem, used: Used) => {
  const text = message.content
    .map((part) => part.text)
    .join(" ")
    .trim()
  if (text === "") return Effect.undefined
  const prompt = Prompt.make([
    { role: "system", content: instructions },
    { role: "user", content: text.slice(0, mostRead) }
  ])
  return LanguageModel.generateText({ prompt }).pipe(
    Effect.provideService(ModelRequest, { ...ModelRequest.defaultValue(), model: used.model }),
    Effect.timeout("20 seconds"),
    Effect.map((answer) => {
      used.rounds += 1
      count(used, prompt, answer.content)
      return tidied(answer.text)
    }),
    Effect.catch((error) =>
      Effect.logWarning("no title").pipe(
        Effect.annotateLogs({ reason: "reason" in error ? error.reason._tag : error._tag }),
        Effect.as(undefined)
      )
    )
  )
}

/** One line without quotation marks and dots around it, beginning with a capital letter. */
export const tidied = (text: string): string | undefined => {
  const line = text
    .trim()
    .split("\n", 1)[0]!
    .replace(/^[\s."'“”„«»*#]+|[\s."'“”„«»*]+$/g, "")
  const [first = "", ...rest] = line
  const title = (first.toLocaleUpperCase() + rest.join("")).slice(0, mostWritten)
  return title === "" ? undefined : title
}
