import type { McpClientError, McpSchema } from "effect/ai"
import { shortened } from "../Shortened.ts"

/** The words of a result, also of one that says what went wrong. Pictures and sounds are named only. */
export const textOf = ({ content, structuredContent }: McpSchema.CallToolResult): string => {
  const text =
    content.length === 0 && structuredContent !== undefined
      ? JSON.stringify(structuredContent)
      : content.map(textOfBlock).join("\n")
  return shortened(text)
}

const textOfBlock = (block: McpSchema.ContentBlock): string => {
  switch (block.type) {
    case "text":
      return block.text
    case "resource_link":
      return [`${block.title ?? block.name}: ${block.uri}`, block.description ?? ""]
        .filter((line) => line !== "")
        .join("\n")
    case "resource":
      return "text" in block.resource ? block.resource.text : leftOut(block.resource.mimeType)
    case "image":
    case "audio":
      return leftOut(block.mimeType)
  }
}

const leftOut = (type = "binary data") => `[${type}, which cannot be shown here]`

/** The words for the model when a call fails: it may call otherwise, or tell the person. */
export const sentenceOf = ({ reason }: McpClientError.McpClientError): string => {
  switch (reason._tag) {
    case "TimeoutError":
      return "The tool did not answer in time. It may have done what it was asked."
    case "TransportError":
    case "ClosedError":
      return "The tool cannot be reached right now."
    case "HttpError":
      return `The tool's server refused the call (status ${reason.status}).`
    case "LimitError":
      return "The tool's answer was too large. Ask it for less."
    case "ProtocolError":
      return reason.code === undefined
        ? "The tool's answer could not be understood."
        : shortened(`The tool refused the call: ${reason.message}`)
    default:
      return "The tool's answer could not be understood."
  }
}
