import { Effect, Redacted } from "effect"
import type { CryptoKey } from "jose"
import { InvalidToken } from "../domain/Errors.ts"
import type { Claims } from "./Claims.ts"

// `<session.token>.<base64 of HMAC-SHA256(BETTER_AUTH_SECRET, session.token)>`
const signed = /^([A-Za-z0-9_-]{16,128})\.([A-Za-z0-9+/]{43}=)$/

/**
 * Verifies a signed session token (the bearer plugin's `set-auth-token`), also in the URL-encoded
 * form that Better Auth gave out up to 1.4. The session row it names decides everything else.
 */
export const verify = (token: string, secret: CryptoKey): Effect.Effect<Claims, InvalidToken> =>
  Effect.gen(function* () {
    const [, sessionToken, signature] = signed.exec(decoded(token)) ?? []
    if (sessionToken === undefined || signature === undefined) {
      return yield* new InvalidToken({ reason: "malformed_token" })
    }
    const genuine = yield* Effect.promise(() =>
      crypto.subtle.verify(
        "HMAC",
        secret,
        Buffer.from(signature, "base64"),
        new TextEncoder().encode(sessionToken)
      )
    )
    if (!genuine) return yield* new InvalidToken({ reason: "signature" })
    return {
      verification: { kind: "session_token", alg: "HS256" },
      email: undefined,
      subject: undefined,
      sessionId: undefined,
      sessionToken: Redacted.make(sessionToken)
    }
  })

const decoded = (token: string): string => {
  try {
    return decodeURIComponent(token)
  } catch {
    return token
  }
}
