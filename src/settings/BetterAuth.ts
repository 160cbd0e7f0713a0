import { secret } from "./Secret.ts"
import { integer, oneOf, type Setting, setting, text, webUrl } from "./Setting.ts"

const issuer: Setting<string | undefined> = {
  name: "BETTER_AUTH_ISSUER",
  // `iss` is a bare origin; people paste it with a slash.
  read: (text) => text?.replace(/\/$/, "")
}

export const betterAuth = {
  secret,
  issuer,
  audience: text("BETTER_AUTH_AUDIENCE", undefined),
  jwksUrl: setting("BETTER_AUTH_JWKS_URL", webUrl, {
    fallback: () => undefined,
    advice:
      "set Better Auth's key endpoint, as https://app.example.com/api/auth/jwks, or leave it out to read the jwks table"
  }),
  /** Whether the signed session tokens of Better Auth's bearer plugin are accepted too. */
  sessionTokens: oneOf("BETTER_AUTH_SESSION_TOKENS", { signed: true, off: false }, () => false),
  schema: text("BETTER_AUTH_SCHEMA", "public"),
  /** Seconds. */
  clockTolerance: integer("CLOCK_TOLERANCE", 15, { min: 0, max: 300 })
}
