import type { Prompt } from "effect/ai"
import { dataUrlOf, nameOf, resultText } from "./PromptParts.ts"

/** The items of a prompt as the Responses API takes them. Reasoning is not sent back. */
export const responsesInput = (prompt: Prompt.Prompt): ReadonlyArray<unknown> =>
  prompt.content.flatMap((message): ReadonlyArray<unknown> => {
    switch (message.role) {
      case "system":
        return [{ role: "system", content: message.content }]
      case "user":
        return [{ role: "user", content: message.content.map(userPart) }]
      case "assistant":
        return message.content.flatMap(assistantItem)
      case "tool":
        return message.content.flatMap((part) =>
          part.type === "tool-result" ? [outputItem(part)] : []
        )
    }
  })

const userPart = (part: Prompt.UserMessagePart) => {
  if (part.type === "text") return { type: "input_text", text: part.text }
  const url = dataUrlOf(part)
  if (part.mediaType.startsWith("image/")) {
    return { type: "input_image", image_url: url, detail: "auto" }
  }
  return part.data instanceof URL
    ? { type: "input_file", file_url: url }
    : { type: "input_file", filename: nameOf(part), file_data: url }
}

const outputItem = (part: Prompt.ToolResultPart) => ({
  type: "function_call_output",
  call_id: part.id,
  output: resultText(part)
})

const assistantItem = (part: Prompt.AssistantMessagePart): ReadonlyArray<unknown> => {
  switch (part.type) {
    case "text":
      return [{ role: "assistant", content: [{ type: "output_text", text: part.text }] }]
    case "tool-call":
      return [
        {
          type: "function_call",
          call_id: part.id,
          name: part.name,
          arguments: JSON.stringify(part.params ?? {})
        }
      ]
    case "tool-result":
      return [outputItem(part)]
    default:
      return []
  }
}
