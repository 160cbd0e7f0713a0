import { Effect, Redacted } from "effect"
import type { CryptoKey } from "jose"
import type { InvalidToken, InvalidTokenReason } from "../Errors.ts"
import { refuse } from "./Refuse.ts"
import type { ParsedToken } from "./ParsedToken.ts"

// `<session.token>.<base64 of HMAC-SHA256(BETTER_AUTH_SECRET, session.token)>`
// The unused bits of the last letter are zero: one text for one signature.
const signed = /^([A-Za-z0-9_-]{16,128})\.([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)$/

/**
 * Decodes a signed session token that Better Auth up to 1.4 issued URL-encoded, so that each token
 * has one text. Any other text is returned unchanged.
 */
export const canonical = (token: string): string => {
  if (!token.includes("%")) return token
  try {
    const decoded = decodeURIComponent(token)
    // Only as Better Auth encodes it, and no letter that needs no encoding.
    return signed.test(decoded) && encodeURIComponent(decoded) === token ? decoded : token
  } catch {
    return token
  }
}

/**
 * Parses a signed session token (the bearer plugin's `set-auth-token`) in its canonical form. It
 * never expires by itself: the session row it names has the expiry.
 */
export const parseSessionToken = (token: string): ParsedToken | InvalidTokenReason => {
  const sessionToken = signed.exec(token)?.[1]
  if (sessionToken === undefined) return "malformed_token"
  return {
    header: { alg: "HS256", kid: undefined },
    lifetime: { exp: Number.MAX_SAFE_INTEGER, nbf: undefined, iat: undefined },
    claims: {
      verification: { kind: "session_token", alg: "HS256" },
      email: undefined,
      subject: undefined,
      sessionId: undefined,
      sessionToken: Redacted.make(sessionToken)
    }
  }
}

export const verifySessionToken = (
  token: string,
  secret: CryptoKey
): Effect.Effect<void, InvalidToken> =>
  Effect.gen(function* () {
    const [, sessionToken, signature] = signed.exec(token) ?? []
    const genuine = yield* Effect.promise(() =>
      crypto.subtle.verify(
        "HMAC",
        secret,
        Buffer.from(signature ?? "", "base64"),
        new TextEncoder().encode(sessionToken ?? "")
      )
    )
    if (!genuine) return yield* refuse("signature")
  })
