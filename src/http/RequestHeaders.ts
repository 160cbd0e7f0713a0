import type { Headers } from "effect/http"

// Gateways and tracers send UUIDs, hex and the like. A token is longer, so none gets into the log.
const looksLikeOne = /^[A-Za-z0-9._-]{8,64}$/

/** The caller's `x-request-id` if it looks like an id, so that both logs can be joined, or a new one. */
export const requestIdOf = (headers: Headers.Headers): string => {
  const given = headers["x-request-id"]
  return given !== undefined && looksLikeOne.test(given) ? given : crypto.randomUUID()
}

/** The language range of the highest weight in `Accept-Language` (RFC 9110 §12.5.4). */
export const localeOf = (header: string | undefined): string | undefined => {
  if (header === undefined) return undefined
  const ranges = header.split(",", 20).map((part) => {
    const [range = "", ...parameters] = part.split(";").map((text) => text.trim())
    const q = Number(/^q=([\d.]+)$/i.exec(parameters[0] ?? "")?.[1] ?? 1)
    return { range, q }
  })
  const [best] = ranges
    .filter(({ q, range }) => q > 0 && /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,7}$/.test(range))
    .sort((a, b) => b.q - a.q)
  return best?.range
}
