import type { InvalidTokenReason } from "../Errors.ts"

/** The time in which a token is valid, in seconds since 1970 (RFC 7519 §4.1.4 to §4.1.6). */
export interface Lifetime {
  readonly exp: number
  readonly nbf: number | undefined
  readonly iat: number | undefined
}

export const parseLifetime = ({
  exp,
  iat,
  nbf
}: Record<string, unknown>): Lifetime | InvalidTokenReason => {
  if (typeof exp !== "number" || !Number.isFinite(exp)) return "expiry_missing"
  if (iat !== undefined && (typeof iat !== "number" || !Number.isFinite(iat))) return "claims"
  if (nbf !== undefined && typeof nbf !== "number") return "not_yet_valid"
  return { exp, nbf, iat }
}

/** Why the token is not valid at `now` (ms since 1970), with `tolerance` seconds between clocks. */
export const judgeLifetime = (
  { exp, iat, nbf }: Lifetime,
  now: number,
  tolerance: number
): InvalidTokenReason | undefined => {
  const seconds = Math.floor(now / 1000)
  if (nbf !== undefined && nbf > seconds + tolerance) return "not_yet_valid"
  if (exp <= seconds - tolerance) return "expired"
  if (iat !== undefined && iat > seconds + tolerance) return "issued_in_future"
  return undefined
}
