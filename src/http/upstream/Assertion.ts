import { Clock, Effect, Redacted } from "effect"
import * as jose from "jose"
import type { CurrentUser } from "../../auth/CurrentUser.ts"

/** Seconds that an assertion is good for. */
const lifetime = 60

/**
 * Signs who the person is, for one upstream server and for a minute (RFC 7519, HS256). Undefined
 * without a secret.
 */
export const assertionFor = (secret: Redacted.Redacted | undefined, upstream: URL) => {
  const key = secret && new TextEncoder().encode(Redacted.value(secret))
  return Effect.fnUntraced(function* ({ email, name, sessionId, userId }: CurrentUser["Service"]) {
    if (key === undefined) return undefined
    const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
    return yield* Effect.promise(() =>
      new jose.SignJWT({ sid: sessionId, email: Redacted.value(email), name })
        .setProtectedHeader({ alg: "HS256", typ: "JWT" })
        .setIssuer("effect-chatkit")
        .setAudience(upstream.origin)
        .setSubject(userId)
        .setJti(crypto.randomUUID())
        .setIssuedAt(now)
        .setExpirationTime(now + lifetime)
        .sign(key)
    )
  })
}
