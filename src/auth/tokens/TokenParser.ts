import type { Redacted } from "effect"
import { type Expected, parseClaims } from "./Claims.ts"
import type { InvalidTokenReason } from "../Errors.ts"
import { decodeObject, type JwsHeader, parseHeader } from "./Jws.ts"
import { judgeLifetime, parseLifetime } from "./Lifetime.ts"
import type { ParsedToken } from "./ParsedToken.ts"
import { parseSessionToken } from "./SessionToken.ts"

/** The tokens that the server accepts; every part of it is a setting. */
export interface TokenPolicy extends Expected {
  /** `BETTER_AUTH_SECRET`; without it no token that is signed with it is accepted. */
  readonly secret: Redacted.Redacted | undefined
  /** Whether the bearer plugin's signed session tokens are accepted. */
  readonly sessionTokens: boolean
  /** Seconds by which our clock and Better Auth's may differ. */
  readonly clockTolerance: number
}

/** Better Auth's algorithms, all asymmetric, and RFC 9864's name for its default. */
const asymmetric = new Set(["EdDSA", "Ed25519", "ES256", "ES512", "RS256", "PS256"])
/** Whatever Better Auth's `generateId` makes, as `jwks:3f0a` or the ARN of a key. */
const keyId = /^[\x21-\x7e]{1,256}$/

/**
 * Parses a token, or says why it cannot be valid at `now` (ms since 1970), whoever signed it. It
 * runs before any key is looked up, so that a bad token costs no more than this.
 */
export const parseToken = (
  token: string,
  now: number,
  policy: TokenPolicy
): ParsedToken | InvalidTokenReason => {
  const header = parseHeader(token)
  const hasSecret = policy.secret !== undefined
  if (header === "session_token" && policy.sessionTokens) {
    return hasSecret ? parseSessionToken(token) : "secret_missing"
  }
  if (typeof header === "string") return header
  const unusable = judgeHeader(header, hasSecret)
  if (unusable !== undefined) return unusable
  const payload = decodeObject(token.split(".", 2)[1] ?? "")
  if (payload === undefined) return "malformed_token"
  const lifetime = parseLifetime(payload)
  if (typeof lifetime === "string") return lifetime
  const untimely = judgeLifetime(lifetime, now, policy.clockTolerance)
  if (untimely !== undefined) return untimely
  const claims = parseClaims(payload, header, policy)
  return typeof claims === "string" ? claims : { header, lifetime, claims }
}

/** Why no key of ours could verify a token with this header. */
const judgeHeader = (
  { alg, kid }: JwsHeader,
  hasSecret: boolean
): InvalidTokenReason | undefined => {
  if (alg === "HS256") return hasSecret ? undefined : "secret_missing"
  if (!asymmetric.has(alg)) return "algorithm_not_allowed"
  // Checked before it goes anywhere: a NUL in a statement would look like an outage.
  return kid === undefined || !keyId.test(kid) ? "key_id_missing" : undefined
}
