import { Effect, Stream } from "effect"
import { HttpServerResponse } from "effect/http"

/** Characters of a page that are made, or sent, before whoever waits is served. */
const most = 256 * 1024

const encoder = new TextEncoder()
const contentType = "application/json"

/**
 * An answer of JSON. A long page is made and sent in pieces: 4 MiB at once would hold up everybody
 * else's requests.
 */
export const jsonAnswer = Effect.fnUntraced(function* (answer: object) {
  const parts = partsOf(answer)
  if (parts === undefined) return HttpServerResponse.jsonUnsafe(answer)
  const pieces: Array<string> = []
  let text = parts.head
  for (const [i, entry] of parts.data.entries()) {
    text += (i === 0 ? "" : ",") + JSON.stringify(entry)
    if (text.length < most) continue
    pieces.push(text)
    text = ""
    yield* Effect.yieldNow
  }
  text += parts.tail
  if (pieces.length === 0) return HttpServerResponse.text(text, { contentType })
  pieces.push(text)
  return HttpServerResponse.stream(
    // One by one: the platform joins those that come together.
    Stream.rechunk(
      Stream.map(Stream.fromIterable(pieces), (piece) => encoder.encode(piece)),
      1
    ),
    { contentType, contentLength: pieces.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0) }
  )
})

/** The entries of a page, or of the page in a thread, and the text before and after them. */
const partsOf = (answer: object) => {
  if (isPage(answer)) return pageParts(answer)
  if (!("items" in answer) || !isPage(answer.items)) return undefined
  const { items: _, ...thread } = answer
  const { data, head, tail } = pageParts(answer.items)
  return { head: `${JSON.stringify(thread).slice(0, -1)},"items":${head}`, data, tail: `${tail}}` }
}

const isPage = (value: unknown): value is { readonly data: ReadonlyArray<unknown> } =>
  typeof value === "object" && value !== null && "data" in value && Array.isArray(value.data)

const pageParts = ({ data, ...rest }: { readonly data: ReadonlyArray<unknown> }) => ({
  head: `{"data":[`,
  data,
  tail: `],${JSON.stringify(rest).slice(1)}`
})
