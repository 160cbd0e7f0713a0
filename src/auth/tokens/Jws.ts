import type { InvalidTokenReason } from "../Errors.ts"

/** The header of a compact JWS (RFC 7515 §7.1): unverified, but well formed and free of extensions. */
export interface JwsHeader {
  readonly alg: string
  readonly kid: string | undefined
}

// base64url without padding, whose unused bits are zero: one text for one value.
const part = "(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])?"
const compact = new RegExp(`^(?=[^.])(${part})\\.(?=[^.])(${part})\\.(?!$)(${part})$`)

// Extensions that change what is signed or how it is read (RFC 7515 §4.1.11, RFC 7797, RFC 7516
// §4.1.3, RFC 7519 §5.2). jose lets some of them pass.
const extensions = ["crit", "b64", "zip", "cty"]

/** The most likely kind of a text without the three parts of a JWS, for the log. */
export const shapeOf = (token: string): InvalidTokenReason => {
  switch (token.split(".").length) {
    case 1:
      return "opaque_token"
    case 2:
      return "session_token"
    case 5:
      return "encrypted_token"
    default:
      return "malformed_token"
  }
}

export const parseHeader = (token: string): JwsHeader | InvalidTokenReason => {
  const parts = compact.exec(token)
  if (parts === null) return shapeOf(token)
  const header = decodeObject(parts[1]!)
  if (header === undefined) return "malformed_token"
  const { alg, kid, typ } = header
  if (extensions.some((name) => name in header)) return "header_not_allowed"
  // Better Auth's plugin tokens have no `typ`; tokens of another type are refused (RFC 8725 §3.11).
  if (typ !== undefined && (typeof typ !== "string" || !/^(?:application\/)?jwt$/i.test(typ))) {
    return "header_not_allowed"
  }
  if (typeof alg !== "string") return "algorithm_not_allowed"
  if (kid !== undefined && typeof kid !== "string") return "header_not_allowed"
  return { alg, kid }
}

/** Decodes a base64url part as a JSON object, if it is one. Not to be trusted before verification. */
export const decodeObject = (base64url: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(Buffer.from(base64url, "base64url").toString("utf8"))
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
