import type { AiError, Response } from "effect/ai"
import { countOf, field, listOf, textOf } from "./Fields.ts"
import { cutShort, errorInStream } from "./WireErrors.ts"

type Part = Response.StreamPartEncoded

interface Call {
  id: string
  name: string
  arguments: string
}

const finishReasons: Readonly<Record<string, "stop" | "length" | "content-filter" | "tool-calls">> =
  {
    stop: "stop",
    length: "length",
    content_filter: "content-filter",
    tool_calls: "tool-calls",
    function_call: "tool-calls"
  }

/**
 * Turns the chunks of one chat completion into parts. Servers send whole calls at once, calls
 * without an index or id, `stop` beside calls, no usage, or an error object in the stream.
 */
export const chatParts = () => {
  /** The text or reasoning that grows now; each has an id of its own. */
  let open: { readonly kind: "text" | "reasoning"; readonly id: string } | undefined
  let opened = 0
  const calls: Array<Call> = []
  /** The call that a piece with this index, or this id, goes on with. */
  const growing = new Map<string, Call>()
  let last: Call | undefined
  let reason: string | undefined
  let usage: unknown

  const close = (): ReadonlyArray<Part> => {
    if (open === undefined) return []
    const { id, kind } = open
    open = undefined
    return [{ type: `${kind}-end`, id }]
  }

  const grow = (kind: "text" | "reasoning", delta: string): ReadonlyArray<Part> => {
    if (delta === "") return []
    if (open?.kind === kind) return [{ type: `${kind}-delta`, id: open.id, delta }]
    const closing = close()
    const id = `${kind}-${opened++}`
    open = { kind, id }
    return [...closing, { type: `${kind}-start`, id }, { type: `${kind}-delta`, id, delta }]
  }

  const collect = (call: unknown) => {
    const made = field(call, "function")
    const name = textOf(made, "name") ?? ""
    const id = textOf(call, "id") ?? ""
    const given = field(made, "arguments")
    const text =
      typeof given === "object" && given !== null
        ? JSON.stringify(given)
        : (textOf(made, "arguments") ?? "")
    const index = countOf(call, "index")
    const key = index === undefined ? id : String(index)
    // A piece without index and id goes on with the last call, unless it names another function.
    let known = key === "" ? (name === "" ? last : undefined) : growing.get(key)
    if (known === undefined || (name !== "" && isOther(known, id, text))) {
      known = { id, name: "", arguments: "" }
      calls.push(known)
      if (key !== "") growing.set(key, known)
    }
    if (known.id === "") known.id = id
    if (known.name === "") known.name = name
    known.arguments += text
    last = known
  }

  return {
    next: (chunk: unknown): ReadonlyArray<Part> | AiError.AiError => {
      const error = field(chunk, "error")
      if (error !== undefined && error !== null) return errorInStream(error)
      usage = field(chunk, "usage") ?? usage
      const [choice] = listOf(chunk, "choices")
      const delta = field(choice, "delta") ?? field(choice, "message")
      for (const call of listOf(delta, "tool_calls")) collect(call)
      reason = reasonOf(choice) ?? reason
      return [
        ...grow(
          "reasoning",
          textOf(delta, "reasoning_content") ?? textOf(delta, "reasoning") ?? ""
        ),
        ...grow("text", contentOf(delta)),
        ...grow("text", textOf(delta, "refusal") ?? "")
      ]
    },

    /** The end of the stream: the calls, whole at last, and how it finished. */
    end: (): ReadonlyArray<Part> | AiError.AiError => {
      if (reason === undefined) return cutShort
      return [
        ...close(),
        ...toolCalls(calls),
        {
          type: "finish",
          reason: finishReasons[reason] ?? "other",
          usage: {
            inputTokens: { total: countOf(usage, "prompt_tokens") },
            outputTokens: { total: countOf(usage, "completion_tokens") }
          }
        }
      ]
    }
  }
}

/** Some servers send a list of parts in place of a text. */
const contentOf = (delta: unknown): string =>
  textOf(delta, "content") ??
  listOf(delta, "content")
    .map((part) => textOf(part, "text") ?? "")
    .join("")

/** An empty one is none: some servers send it with every chunk. */
const reasonOf = (choice: unknown) => textOf(choice, "finish_reason") || undefined

/** After the chunk that says why the model stopped, only the usage is missing. */
export const isLast = (chunk: unknown): boolean =>
  reasonOf(listOf(chunk, "choices")[0]) !== undefined

/** Some servers send parallel calls under one index: a new id, or a second whole text, is another call. */
const isOther = (known: Call, id: string, text: string): boolean =>
  known.name !== "" &&
  (id !== "" && known.id !== "" ? id !== known.id : text !== "" && isWhole(known.arguments))

const isWhole = (text: string) => typeof paramsOf(text) === "object" && text.trim() !== ""

/** A missing or repeated id is made up: results and the page's outputs are told apart by it. */
const toolCalls = (calls: ReadonlyArray<Call>): ReadonlyArray<Part> => {
  const ids = new Set<string>()
  return calls.map(({ arguments: text, id: given, name }) => {
    const id = given === "" || ids.has(given) ? `call_${crypto.randomUUID()}` : given
    ids.add(id)
    return { type: "tool-call", id, name, params: paramsOf(text) }
  })
}

/** A text that cannot be parsed stays one: the tool's schema refuses it, in words for the model. */
export const paramsOf = (text: string): unknown => {
  if (text.trim() === "") return {}
  try {
    // `null` is how some servers call a tool without parameters.
    return JSON.parse(text) ?? {}
  } catch {
    return text
  }
}
