import { Context, Effect, Layer, Redacted } from "effect"
import type { InvalidToken, InvalidTokenReason } from "../Errors.ts"
import { refuse } from "./Refuse.ts"

/**
 * Longest `Authorization` value that is accepted, in bytes. A longer token usually carries an
 * avatar as a data URI: Better Auth's default payload is the whole user row.
 */
export const maxAuthorizationBytes = 8192

// RFC 6750 §2.1, and `%`: Better Auth up to 1.4 issues its signed session tokens URL-encoded.
const credentials = /^bearer +([A-Za-z0-9\-._~+/%]+=*)$/i

/**
 * Takes the token out of the `Authorization` header (RFC 6750 §2.1; the scheme in any case,
 * RFC 9110 §11.1). It takes every header line, because a request with two is refused: a proxy and
 * this server might pick different ones.
 */
export class BearerToken extends Context.Service<
  BearerToken,
  {
    readonly extract: (
      authorization: ReadonlyArray<string>
    ) => Effect.Effect<Redacted.Redacted, InvalidToken>
  }
>()("effect-chatkit/auth/BearerToken") {
  static readonly layer = Layer.succeed(BearerToken, {
    extract: (authorization) => {
      const found = extract(authorization)
      return "token" in found ? Effect.succeed(Redacted.make(found.token)) : refuse(found.reason)
    }
  })
}

const extract = (
  authorization: ReadonlyArray<string>
): { readonly token: string } | { readonly reason: InvalidTokenReason } => {
  const [value] = authorization
  if (authorization.length > 1) return { reason: "several_headers" }
  if (value === undefined || value === "") return { reason: "no_credentials" }
  if (!/^bearer(?: |$)/i.test(value)) {
    return { reason: value.includes(" ") ? "other_scheme" : "malformed_header" }
  }
  if (value.length > maxAuthorizationBytes) return { reason: "too_long" }
  const token = credentials.exec(value)?.[1]
  return token === undefined ? { reason: "malformed_header" } : { token }
}
