import { Context } from "effect"
import type { ParsedToken } from "./ParsedToken.ts"

export interface VerifiedToken extends ParsedToken {
  /** The secret or the set of published keys that verified it; another one has to verify it anew. */
  readonly verifiedBy: object
}

/** How many tokens are remembered, in how many bytes (estimated), and for how long. */
export const TokenMemory = Context.Reference<{
  readonly entries: number
  readonly bytes: number
  readonly milliseconds: number
}>("effect-chatkit/auth/TokenMemory", {
  defaultValue: () => ({ entries: 20_000, bytes: 32 * 1024 * 1024, milliseconds: 60_000 })
})

interface Entry {
  readonly verified: VerifiedToken
  readonly until: number
  readonly bytes: number
}

/** Bytes of an entry besides the token's own content: objects, the digest, a place in the map. */
const overhead = 1024

/**
 * The tokens whose signature was found good in the last minute, by the digest of their text. That
 * is all an entry proves: the caller still judges the token's lifetime and its keys, and looks up
 * user and session. When there are too many, the oldest are evicted first.
 */
export const verifiedTokens = (bounds: (typeof TokenMemory)["Service"]) => {
  const entries = new Map<string, Entry>()
  let bytes = 0

  const evict = (digest: string, entry: Entry) => {
    entries.delete(digest)
    bytes -= entry.bytes
  }

  return {
    recall: (digest: string, now: number): VerifiedToken | undefined => {
      const entry = entries.get(digest)
      if (entry === undefined) return undefined
      // A clock that was set back must not make an entry live longer.
      if (now < entry.until && entry.until - now <= bounds.milliseconds) return entry.verified
      evict(digest, entry)
      return undefined
    },
    /** `size` is the length of the token's text. */
    remember: (digest: string, size: number, verified: VerifiedToken, now: number): void => {
      const known = entries.get(digest)
      if (known !== undefined) evict(digest, known)
      const until = Math.min(verified.lifetime.exp * 1000, now + bounds.milliseconds)
      const entry = { verified, until, bytes: 2 * size + overhead }
      if (until <= now || entry.bytes > bounds.bytes || bounds.entries < 1) return
      entries.set(digest, entry)
      bytes += entry.bytes
      for (const [oldest, entry] of entries) {
        const fits = entries.size <= bounds.entries && bytes <= bounds.bytes
        if (fits && now < entry.until) break
        evict(oldest, entry)
      }
    }
  }
}
