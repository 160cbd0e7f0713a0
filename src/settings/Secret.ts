import { Redacted } from "effect"
import { isLoopbackHost } from "./Server.ts"
import type { Setting } from "./Setting.ts"

/**
 * The secret that Better Auth uses. Whoever knows it signs in as anybody, so a weak one stops the
 * start in production, and wherever others reach the server. The embedded database needs none:
 * development makes one.
 */
export const secret: Setting<Redacted.Redacted | undefined> = {
  name: "BETTER_AUTH_SECRET",
  read: (text, { env, problem, production, warning }) => {
    if (text === undefined) {
      const isSigned = env["BETTER_AUTH_SESSION_TOKENS"]?.toLowerCase() === "signed"
      const isMade = !production && env["DATABASE_URL"] === undefined
      return isSigned && !isMade
        ? problem("set it, because BETTER_AUTH_SESSION_TOKENS=signed needs it to check signatures")
        : undefined
    }
    if (looksLikeKey(text)) {
      return problem(
        "it is a public or private key; set the secret string that Better Auth itself uses"
      )
    }
    const weakness = weaknessOf(text)
    if (weakness !== undefined) {
      const advice = `${weakness}; set the value Better Auth uses, made with \`openssl rand -base64 32\``
      if (production || !isLoopbackHost(env["HOST"])) return problem(advice)
      warning(advice)
    }
    if (env["BETTER_AUTH_ISSUER"] === undefined) {
      warning(
        "it is set and BETTER_AUTH_ISSUER is not, so every HS256 token that is signed with it and names an e-mail is accepted; up to Better Auth 1.7.14 these include the links it mails to verify an address: set BETTER_AUTH_ISSUER to refuse them"
      )
    }
    return Redacted.make(text)
  }
}

/** Better Auth uses this in development when no secret is set; it is published with its source. */
const betterAuthDefault = "better-auth-secret-12345678901234567890"

const weaknessOf = (secret: string): string | undefined => {
  if (secret === betterAuthDefault) return "it is Better Auth's published default"
  if (/change[-_ ]?(me|this)|replace[-_ ]?(me|this)|your[-_ ]|placeholder|example/i.test(secret)) {
    return "it looks like a placeholder"
  }
  if (/^(.)\1*$/s.test(secret)) return "it is one letter, again and again"
  return new TextEncoder().encode(secret).length < 32
    ? "it is shorter than 32 bytes (RFC 7518 §3.2)"
    : undefined
}

/** A JWK, JWKS or PEM must never become an HMAC secret: everybody can have a public key. */
const looksLikeKey = (text: string): boolean =>
  text.includes("-----BEGIN ") || /^\s*\{[\s\S]*"(kty|keys)"/.test(text)
