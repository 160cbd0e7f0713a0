import { errorTable } from "../api/ErrorTable.ts"
import type { AuthenticationError } from "../auth/Authenticator.ts"
import { decodeObject } from "../auth/tokens/Jws.ts"
import type { InvalidTokenReason } from "../auth/Errors.ts"
import type { SettingsShape } from "../settings/Settings.ts"

/** The content of a token whose signature has not been checked. */
export interface Unverified {
  readonly header: Readonly<Record<string, unknown>>
  readonly payload: Readonly<Record<string, unknown>>
}

export const unverified = (token: string): Unverified => {
  const [header, payload] = token.split(".")
  return { header: decodeObject(header ?? "") ?? {}, payload: decodeObject(payload ?? "") ?? {} }
}

/** "3 minutes ago" or "in 3 minutes", for a time in seconds since 1970. */
export const relative = (seconds: unknown, now: number): string => {
  if (typeof seconds !== "number") return "at an unknown time"
  const distance = Math.abs(seconds - now)
  if (distance < 1) return "just now"
  const [amount, unit] =
    distance < 60
      ? [distance, "second"]
      : distance < 3600
        ? [distance / 60, "minute"]
        : distance < 86_400
          ? [distance / 3600, "hour"]
          : [distance / 86_400, "day"]
  const words = `${Math.floor(amount)} ${unit}${Math.floor(amount) === 1 ? "" : "s"}`
  return seconds <= now ? `${words} ago` : `in ${words}`
}

/** Why the server would refuse the token, and what to do about it. */
export const explain = (
  error: AuthenticationError,
  token: string,
  settings: SettingsShape,
  now: number
): string => {
  switch (error._tag) {
    case "InvalidToken":
      return explainReason(error.reason, unverified(token), settings, now)
    case "UserNotFound":
      return "the token is valid, but no user has its e-mail: is this the right database?"
    case "NoActiveSession":
      return "the token is valid and its user exists, but is signed out: every session that the token could belong to has ended. With secondaryStorage, Better Auth keeps sessions outside the database: set session.storeSessionInDatabase."
    case "DbUnavailable":
      return error.operation === "BetterAuthTables.layout"
        ? `the database answers, but Better Auth's tables are not all in schema "${settings.schema}": migrate it, or set BETTER_AUTH_SCHEMA.`
        : `the database could not be asked, so neither user nor session was checked.${expiry(token, now)}`
    case "KeysUnavailable":
      return settings.jwksUrl === undefined
        ? "the verification keys could not be loaded: add the jwt() plugin to Better Auth and migrate, or set BETTER_AUTH_SECRET for HS256 tokens."
        : `the verification keys are at ${settings.jwksUrl.href}, which was not asked, so the signature was not checked.${expiry(token, now)}`
  }
}

/** An expired token is refused, whatever keys and database would say. */
const expiry = (token: string, now: number): string => {
  const { exp } = unverified(token).payload
  return typeof exp === "number" && exp <= now
    ? ` It expired ${relative(exp, now)}, so the answer would be ${errorTable.InvalidToken.status} in any case.`
    : ""
}

const useToken = "Send the JWT that authClient.token() returns (Better Auth's jwt() plugin)."

const explainReason = (
  reason: InvalidTokenReason,
  { header, payload }: Unverified,
  settings: SettingsShape,
  now: number
): string => {
  const alg = typeof header["alg"] === "string" ? header["alg"] : "no algorithm"
  const { aud, exp, iat, iss, nbf } = payload
  switch (reason) {
    case "no_credentials":
    case "other_scheme":
    case "several_headers":
    case "malformed_header":
      return `it cannot be sent in an "Authorization: Bearer" header. ${useToken}`
    case "too_long":
      return "it is longer than 8 KiB: keep the payload small with definePayload (an avatar as a data URI is the usual cause)."
    case "malformed_token":
      return `it is not a JWT, or a damaged one. ${useToken}`
    case "session_token":
      if ("alg" in header) return `it is a JWT whose signature was cut off. ${useToken}`
      return `this is a session token, not a JWT. ${useToken} Or set BETTER_AUTH_SESSION_TOKENS=signed.`
    case "opaque_token":
      return `it is not a JWT: raw session tokens, user ids, API keys and OAuth access tokens are never accepted. ${useToken}`
    case "encrypted_token":
      return `this is an encrypted cookie, which only Better Auth itself can use. ${useToken}`
    case "header_not_allowed":
      return "its header has a typ, a kid or an extension (crit, b64, zip, cty) that Better Auth does not write into log-in tokens."
    case "algorithm_not_allowed":
      return `it is signed with ${alg}, which Better Auth does not use.`
    case "algorithm_not_of_key":
      return `its header says ${alg}, but the key that its kid names has another algorithm.`
    case "secret_missing":
      return "it is signed with HS256, and BETTER_AUTH_SECRET is not set here."
    case "key_id_missing":
      return `it is signed with ${alg} but names no usable key (kid).`
    case "keys_empty":
      return `it is signed with ${alg}, but the jwks table is empty (or missing): is this the database of the Better Auth that signed it, and is its jwt() plugin migrated?`
    case "key_unknown":
      return `it is signed with ${alg} by a key (kid) that is not in the jwks table: another database, or keys that were lost?`
    case "key_retired":
      return "its key expired more than 30 days ago."
    case "signature":
      return alg === "HS256"
        ? "its signature does not fit BETTER_AUTH_SECRET: is it the same secret Better Auth uses?"
        : "its signature does not fit the key that it names."
    case "expired":
      return `it expired ${relative(exp, now)}: fetch a new one before each request.`
    case "expiry_missing":
      return "it has no usable exp: a token that never expires is not accepted."
    case "not_yet_valid":
      return `it becomes valid ${relative(nbf, now)}: do the clocks agree?`
    case "issued_in_future":
      return `it was issued ${relative(iat, now)}: do the clocks agree (CLOCK_TOLERANCE is ${settings.clockTolerance} seconds)?`
    case "issuer":
      return `its issuer is ${quoted(iss)}, the server expects ${settings.issuers.map(quoted).join(" or ")} (BETTER_AUTH_ISSUER).`
    case "audience":
      return settings.audience !== undefined
        ? `its audience is ${quoted(aud)}, the server expects ${quoted(settings.audience)} (BETTER_AUTH_AUDIENCE).`
        : `its audience is ${quoted(aud)} and its issuer ${quoted(iss)}: without BETTER_AUTH_AUDIENCE the audience must name the issuer.`
    case "mailed_token":
      return "this is the token of a link that Better Auth mailed (to verify or change an address); it does not log anybody in."
    case "session_cookie_with_issuer":
      return "this is the cookie cache, which has no issuer, and BETTER_AUTH_ISSUER is set."
    case "session_cookie_layout":
      return "it looks like the cookie cache, but does not have the layout that Better Auth writes."
    case "email_missing":
      return "it has no usable e-mail: keep email in definePayload."
    case "subject_missing":
      return "it has no sub, which Better Auth always writes."
    case "claims":
      return "one of its claims has the wrong type."
    case "subject_mismatch":
      return "its sub and its e-mail name two different users."
    case "banned":
      return "its user is banned."
  }
}

const quoted = (value: unknown): string => (value === undefined ? "missing" : JSON.stringify(value))
