import { secret } from "./Secret.ts"
import { integer, itemsOf, oneOf, type Setting, setting, text, webUrl } from "./Setting.ts"

/** A host without its scheme, which is never what Better Auth writes. */
const bareHost = /^[\w-]+(\.[\w-]+)+(:\d+)?(\/|$)/

/** The issuers whose tokens are accepted; none means any. */
const issuers: Setting<ReadonlyArray<string>> = {
  name: "BETTER_AUTH_ISSUER",
  read: (text, { problem }) => {
    const items = itemsOf(text ?? "")
    if (items.some((item) => bareHost.test(item))) {
      problem("it has no scheme; set the `iss` of Better Auth's tokens, as https://app.example.com")
    }
    // `iss` is usually a bare origin, and people paste it with a slash.
    return items.flatMap((item) => (item.endsWith("/") ? [item.slice(0, -1), item] : [item]))
  }
}

export const betterAuth = {
  secret,
  issuers,
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
