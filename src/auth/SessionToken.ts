import { Effect, Redacted } from "effect"
import type { CryptoKey } from "jose"
import type { InvalidToken, InvalidTokenReason } from "./Errors.ts"
import { refuse } from "./Refuse.ts"
import type { Reading } from "./VerifiedTokens.ts"

// `<session.token>.<base64 of HMAC-SHA256(BETTER_AUTH_SECRET, session.token)>`
const signed = /^([A-Za-z0-9_-]{16,128})\.([A-Za-z0-9+/]{43}=)$/

/**
 * Better Auth up to 1.4 gave signed session tokens out URL-encoded: one text for one token. Any
 * other text stays what it is.
 */
export const canonical = (token: string): string => {
  if (!token.includes("%")) return token
  try {
    const decoded = decodeURIComponent(token)
    return signed.test(decoded) ? decoded : token
  } catch {
    return token
  }
}

/**
 * Reads a signed session token (the bearer plugin's `set-auth-token`) in its canonical form. The
 * session row it names decides everything else, how long it counts too.
 */
export const readSessionToken = (token: string): Reading | InvalidTokenReason => {
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
