import { Context, Effect, Layer, Redacted } from "effect"
import type { InvalidToken, InvalidTokenReason } from "./Errors.ts"
import { refuse } from "./Refuse.ts"

/**
 * Longest `Authorization` value that is looked at, in bytes. A token beyond it usually carries
 * an avatar as a data URI: Better Auth's default payload is the whole user row.
 */
export const maxAuthorizationBytes = 8192

// RFC 6750 §2.1, and `%`: Better Auth up to 1.4 hands out its signed session tokens URL-encoded.
const credentials = /^bearer +([A-Za-z0-9\-._~+/%]+=*)$/i

/**
 * Takes the token out of the `Authorization` header (RFC 6750 §2.1; the scheme in any case,
 * RFC 9110 §11.1). It is given every header line, because two lines must not be a choice.
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
  const [line] = authorization
  if (authorization.length > 1) return { reason: "several_headers" }
  if (line === undefined || line === "") return { reason: "no_credentials" }
  if (!/^bearer(?: |$)/i.test(line)) {
    return { reason: line.includes(" ") ? "other_scheme" : "malformed_header" }
  }
  if (line.length > maxAuthorizationBytes) return { reason: "too_long" }
  const token = credentials.exec(line)?.[1]
  return token === undefined ? { reason: "malformed_header" } : { token }
}
