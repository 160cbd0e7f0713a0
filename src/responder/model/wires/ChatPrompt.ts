import type { Prompt } from "effect/ai"
import { dataUrlOf, nameOf, resultText } from "./PromptParts.ts"

/** The messages of a prompt as chat completions take them. Reasoning is not sent back. */
export const chatMessages = (prompt: Prompt.Prompt): ReadonlyArray<unknown> =>
  prompt.content.flatMap((message): ReadonlyArray<unknown> => {
    switch (message.role) {
      case "system":
        return [{ role: "system", content: message.content }]
      case "user":
        return [{ role: "user", content: userContent(message.content) }]
      case "assistant":
        return assistantMessages(message.content)
      case "tool":
        return message.content.flatMap((part) =>
          part.type === "tool-result"
            ? [{ role: "tool", tool_call_id: part.id, content: resultText(part) }]
            : []
        )
    }
  })

/** A plain text where there is nothing else: small servers know no parts. */
const userContent = (parts: Prompt.UserMessage["content"]) => {
  const texts = parts.flatMap((part) => (part.type === "text" ? [part.text] : []))
  return texts.length === parts.length ? texts.join("\n\n") : parts.map(userPart)
}

const userPart = (part: Prompt.UserMessagePart) => {
  if (part.type === "text") return { type: "text", text: part.text }
  const url = dataUrlOf(part)
  if (part.mediaType.startsWith("image/")) return { type: "image_url", image_url: { url } }
  // This wire fetches pictures only.
  if (part.data instanceof URL) return { type: "text", text: `${nameOf(part)}: ${url}` }
  return { type: "file", file: { filename: nameOf(part), file_data: url } }
}

const assistantMessages = (parts: Prompt.AssistantMessage["content"]): ReadonlyArray<unknown> => {
  const text = parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n\n")
  const calls = parts.flatMap((part) =>
    part.type === "tool-call"
      ? [
          {
            id: part.id,
            type: "function",
            function: { name: part.name, arguments: JSON.stringify(part.params ?? {}) }
          }
        ]
      : []
  )
  const results = parts.flatMap((part) =>
    part.type === "tool-result"
      ? [{ role: "tool", tool_call_id: part.id, content: resultText(part) }]
      : []
  )
  const isEmpty = text === "" && calls.length === 0
  return [
    ...(isEmpty
      ? []
      : [
          {
            role: "assistant",
            content: text === "" ? null : text,
            ...(calls.length === 0 ? {} : { tool_calls: calls })
          }
        ]),
    ...results
  ]
}
