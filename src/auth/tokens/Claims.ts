import { Redacted } from "effect"
import type { InvalidTokenReason } from "../Errors.ts"
import { SessionId } from "../../core/User.ts"
import type { Verification } from "../CurrentUser.ts"
import { isRecord, type JwsHeader } from "./Jws.ts"

/** The statements of a token about its bearer. */
export interface Claims {
  readonly verification: Verification
  /** Absent only for a session token, which names its session and nothing else. */
  readonly email: Redacted.Redacted | undefined
  /** `sub`: the id that the user row must have. */
  readonly subject: string | undefined
  /** When set, only this session of the user is accepted. */
  readonly sessionId: SessionId | undefined
  readonly sessionToken: Redacted.Redacted | undefined
}

/** The expected `iss` and `aud`, compared exactly. */
export interface Expected {
  /** One of them; any, where there are none. */
  readonly issuers: ReadonlyArray<string>
  readonly audience: string | undefined
}

const cookieCacheClaims = new Set(["session", "user", "updatedAt", "version", "iat", "exp"])
const mailedClaims = ["email", "exp", "iat", "userId"].join()

/**
 * Parses the payload of a token by the rules for each kind that Better Auth and its applications
 * issue. The claims must not be relied on before the signature is verified.
 */
export const parseClaims = (
  payload: Record<string, unknown>,
  header: JwsHeader,
  expected: Expected
): Claims | InvalidTokenReason => {
  const symmetric = header.alg === "HS256"
  const { iss } = payload
  // Better Auth mails tokens that are signed with its secret and name a user by e-mail; the one
  // sent to a new address names the old one. Reading such a mail must not sign anybody in.
  if ("updateTo" in payload || "requestType" in payload) return "mailed_token"
  if (symmetric && Object.keys(payload).sort().join() === mailedClaims) return "mailed_token"

  const verification = (kind: Verification["kind"]): Verification => ({
    kind,
    alg: header.alg,
    ...(header.kid !== undefined && !symmetric ? { kid: header.kid } : {}),
    ...(typeof iss === "string" ? { issuer: iss } : {})
  })

  if (symmetric && isCookieCache(payload)) {
    if (expected.issuers.length > 0) return "session_cookie_with_issuer"
    if (!audienceFits(payload, symmetric, expected)) return "audience"
    return parseCookieCache(payload, verification("session_cookie"))
  }
  if (expected.issuers.length > 0 && !expected.issuers.some((known) => known === iss)) {
    return "issuer"
  }
  if (!audienceFits(payload, symmetric, expected)) return "audience"

  const { email, sub } = payload
  if (!isEmail(email)) return "email_missing"
  // The JWT plugin always writes `sub`. Without it, a token would sign in whoever owns the
  // address now.
  if (sub === undefined && !symmetric) return "subject_missing"
  if (sub !== undefined && (typeof sub !== "string" || sub === "")) return "claims"
  const session = parseSession(payload)
  if (session === undefined) return "claims"
  return {
    verification: verification(symmetric ? "hs256_jwt" : "jwt"),
    email: Redacted.make(email),
    subject: sub,
    ...session
  }
}

/**
 * Keys are shared between kinds of tokens, and up to Better Auth 1.6 an ID token for a
 * third-party app differs from a plugin token in `aud` alone.
 */
const audienceFits = (
  { aud, iss }: Record<string, unknown>,
  symmetric: boolean,
  expected: Expected
): boolean => {
  const audiences: ReadonlyArray<unknown> = Array.isArray(aud) ? aud : [aud]
  if (expected.audience !== undefined) return audiences.includes(expected.audience)
  if (aud === undefined) return symmetric
  return typeof iss === "string" && iss !== "" && audiences.includes(iss)
}

const isCookieCache = (payload: Record<string, unknown>) =>
  isRecord(payload["session"]) &&
  isRecord(payload["user"]) &&
  !("email" in payload) &&
  !("sub" in payload)

const parseCookieCache = (
  payload: Record<string, unknown>,
  verification: Verification
): Claims | InvalidTokenReason => {
  const { session, user } = payload
  if (!isRecord(session) || !isRecord(user)) return "session_cookie_layout"
  if (Object.keys(payload).some((name) => !cookieCacheClaims.has(name))) {
    return "session_cookie_layout"
  }
  if (!isReference(user["id"]) || session["userId"] !== user["id"]) return "session_cookie_layout"
  if (!isReference(session["token"])) return "session_cookie_layout"
  if (!isEmail(user["email"])) return "session_cookie_layout"
  return {
    verification,
    email: Redacted.make(user["email"]),
    subject: user["id"],
    sessionId: undefined,
    sessionToken: Redacted.make(session["token"])
  }
}

const parseSession = ({
  sid,
  session
}: Record<string, unknown>): Pick<Claims, "sessionId" | "sessionToken"> | undefined => {
  const named = isRecord(session) ? session : {}
  const ids = [sid, named["id"]].filter((id) => id !== undefined)
  const token = named["token"]
  if (!ids.every(isReference) || new Set(ids).size > 1) return undefined
  if (token !== undefined && !isReference(token)) return undefined
  return {
    sessionId: ids[0] === undefined ? undefined : SessionId.make(ids[0]),
    sessionToken: token === undefined ? undefined : Redacted.make(token)
  }
}

/** An id or session token that may go into a statement: printable ASCII, so never a NUL. */
const isReference = (value: unknown): value is string =>
  typeof value === "string" && /^[\x21-\x7e]{1,255}$/.test(value)

const isEmail = (value: unknown): value is string =>
  typeof value === "string" && /^[^\p{C}\s,<>]{3,320}$/u.test(value) && value.includes("@")
