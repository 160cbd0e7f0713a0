import type { AiError, Response } from "effect/ai"
import { paramsOf } from "./ChatParts.ts"
import { countOf, field, listOf, textOf } from "./Fields.ts"
import { cutShort, errorInStream } from "./WireErrors.ts"

type Part = Response.StreamPartEncoded

const ends = ["response.completed", "response.incomplete", "response.failed", "error"]

export const isLast = (event: unknown): boolean => ends.includes(textOf(event, "type") ?? "")

/** Turns the events of one response of the Responses API into parts. */
export const responsesParts = ({ partialImages }: { readonly partialImages: number }) => {
  const open = new Map<string, "text" | "reasoning">()
  const called = new Set<string>()
  let sources = 0
  let isOver = false

  const grow = (kind: "text" | "reasoning", id: string, delta: string): ReadonlyArray<Part> => {
    if (delta === "") return []
    const more: Part = { type: `${kind}-delta`, id, delta }
    if (open.has(id)) return [more]
    open.set(id, kind)
    return [{ type: `${kind}-start`, id }, more]
  }

  const close = (id: string): ReadonlyArray<Part> => {
    const kind = open.get(id)
    if (kind === undefined) return []
    open.delete(id)
    return [{ type: `${kind}-end`, id }]
  }

  const closeAll = () => [...open.keys()].flatMap(close)

  const image = (callId: string, data: string, type: string, partial: number | null): Part => ({
    type: "file",
    mediaType: `image/${type}`,
    data,
    metadata: { chatkit: { callId, partial, of: partial === null ? null : partialImages } }
  })

  const itemDone = (item: unknown): ReadonlyArray<Part> => {
    const id = textOf(item, "id") ?? ""
    switch (textOf(item, "type")) {
      case "function_call": {
        const callId = textOf(item, "call_id") ?? id
        if (called.has(callId)) return []
        called.add(callId)
        const params = paramsOf(textOf(item, "arguments") ?? "")
        return [{ type: "tool-call", id: callId, name: textOf(item, "name") ?? "", params }]
      }
      case "image_generation_call": {
        const data = textOf(item, "result")
        if (data === undefined || called.has(id)) return []
        called.add(id)
        return [image(id, data, textOf(item, "output_format") ?? "png", null)]
      }
      default:
        return []
    }
  }

  const finish = (
    response: unknown,
    reason: "stop" | "length" | "content-filter" | "tool-calls"
  ): ReadonlyArray<Part> => {
    isOver = true
    const usage = field(response, "usage")
    return [
      ...closeAll(),
      // Some servers say what was called at the end only.
      ...listOf(response, "output").flatMap(itemDone),
      {
        type: "finish",
        reason: reason === "stop" && called.size > 0 ? "tool-calls" : reason,
        usage: {
          inputTokens: { total: countOf(usage, "input_tokens") },
          outputTokens: { total: countOf(usage, "output_tokens") }
        }
      }
    ]
  }

  return {
    next: (event: unknown): ReadonlyArray<Part> | AiError.AiError => {
      const itemId = textOf(event, "item_id") ?? ""
      const textId = `${itemId}:${countOf(event, "content_index") ?? 0}`
      const thoughtId = `${itemId}:thought:${countOf(event, "summary_index") ?? 0}`
      const delta = textOf(event, "delta") ?? ""
      const response = field(event, "response")
      switch (textOf(event, "type")) {
        case "response.output_text.delta":
        case "response.refusal.delta":
          return grow("text", textId, delta)
        case "response.output_text.done":
        case "response.refusal.done":
          return close(textId)
        case "response.reasoning_summary_text.delta":
          return grow("reasoning", thoughtId, delta)
        case "response.reasoning_summary_text.done":
          return close(thoughtId)
        case "response.output_text.annotation.added": {
          const source = sourceOf(field(event, "annotation"), textId, `source-${sources}`)
          if (source === undefined) return []
          sources += 1
          return [source]
        }
        case "response.image_generation_call.in_progress":
          return []
        case "response.image_generation_call.partial_image": {
          const data = textOf(event, "partial_image_b64") ?? ""
          const type = textOf(event, "output_format") ?? "png"
          return [image(itemId, data, type, countOf(event, "partial_image_index") ?? 0)]
        }
        case "response.output_item.done":
          return itemDone(field(event, "item"))
        case "response.completed":
          return finish(response, "stop")
        case "response.incomplete": {
          const why = textOf(field(response, "incomplete_details"), "reason")
          return finish(response, why === "content_filter" ? "content-filter" : "length")
        }
        case "response.failed":
          isOver = true
          return errorInStream(field(response, "error"))
        case "error":
          isOver = true
          return errorInStream(field(event, "error") ?? event)
        default:
          return []
      }
    },

    end: (): ReadonlyArray<Part> | AiError.AiError => (isOver ? [] : cutShort)
  }
}

/**
 * A citation. `index` is the place of its marker in the text that `textId` names; the reference
 * takes the end of what is cited, and the index of a file's citation.
 */
const sourceOf = (annotation: unknown, textId: string, id: string): Part | undefined => {
  const kind = textOf(annotation, "type")
  const end = countOf(annotation, "end_index")
  if (kind === "url_citation") {
    const url = textOf(annotation, "url")
    if (url === undefined || !URL.canParse(url)) return undefined
    const title = textOf(annotation, "title") ?? url
    return {
      type: "source",
      sourceType: "url",
      id,
      url,
      title,
      metadata: { chatkit: { textId, index: end ?? null } }
    }
  }
  const filename = textOf(annotation, "filename")
  const isFile = kind === "file_citation" || kind === "container_file_citation"
  if (!isFile || filename === undefined || filename === "") return undefined
  const index = kind === "file_citation" ? countOf(annotation, "index") : end
  return {
    type: "source",
    sourceType: "document",
    id,
    mediaType: "application/octet-stream",
    title: filename,
    fileName: filename,
    metadata: { chatkit: { textId, index: index ?? null, filename } }
  }
}
