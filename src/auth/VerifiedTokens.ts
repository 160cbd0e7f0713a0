import { Context } from "effect"
import type { Claims } from "./Claims.ts"
import type { JwsHeader } from "./Jws.ts"
import type { Lifetime } from "./Lifetime.ts"

/** What a token says of itself: not to be trusted before its signature is verified. */
export interface Reading {
  readonly header: JwsHeader
  readonly lifetime: Lifetime
  readonly claims: Claims
}

export interface VerifiedToken extends Reading {
  /** The secret or the set of published keys that verified it; with another one it says nothing. */
  readonly verifiedBy: object
}

/** How much is remembered of tokens, and for how long: entries, bytes (estimated), ms. */
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

/** Bytes an entry takes besides what it holds of the token: objects, the digest, a place in the map. */
const overhead = 1024

/**
 * The tokens whose signature was found good in the last minute, by the digest of their text.
 * Nothing else about them is remembered: whoever recalls one still judges its lifetime, its keys,
 * and asks for user and session. The oldest go first when there are too many.
 */
export const verifiedTokens = (bounds: (typeof TokenMemory)["Service"]) => {
  const entries = new Map<string, Entry>()
  let bytes = 0

  const forget = (digest: string, entry: Entry) => {
    entries.delete(digest)
    bytes -= entry.bytes
  }

  return {
    recall: (digest: string, now: number): VerifiedToken | undefined => {
      const entry = entries.get(digest)
      if (entry === undefined) return undefined
      // A clock that was set back must not make an entry live longer.
      if (now < entry.until && entry.until - now <= bounds.milliseconds) return entry.verified
      forget(digest, entry)
      return undefined
    },
    /** `size` is the length of the token's text. */
    remember: (digest: string, size: number, verified: VerifiedToken, now: number): void => {
      const known = entries.get(digest)
      if (known !== undefined) forget(digest, known)
      const until = Math.min(verified.lifetime.exp * 1000, now + bounds.milliseconds)
      const entry = { verified, until, bytes: 2 * size + overhead }
      if (until <= now || entry.bytes > bounds.bytes || bounds.entries < 1) return
      entries.set(digest, entry)
      bytes += entry.bytes
      for (const [oldest, entry] of entries) {
        const fits = entries.size <= bounds.entries && bytes <= bounds.bytes
        if (fits && now < entry.until) break
        forget(oldest, entry)
      }
    }
  }
}
