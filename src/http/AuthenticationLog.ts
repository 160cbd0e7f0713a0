import { hash } from "node:crypto"
import { Cause, Context, Effect, Exit, Layer, Option } from "effect"
import type { HttpServerRequest } from "effect/http"
import type { AuthenticationError } from "../auth/Authenticator.ts"
import type { CurrentUser, Verification } from "../auth/CurrentUser.ts"
import { decodeObject } from "../auth/tokens/Jws.ts"
import { line, LogBudget } from "../telemetry/LogBudget.ts"

/**
 * Most lines a minute for failed attempts, and as many again for those of well-signed tokens, which
 * name a user; a successful attempt needs a good token, so it has no limit.
 */
export const failuresPerMinute = 600

/** Longest text that a line takes from a request, in characters. */
const maxLength = 256

/** One attempt to authenticate a request, and its outcome. */
export interface Attempt {
  readonly request: HttpServerRequest.HttpServerRequest
  /** The value of every `Authorization` header of the request. */
  readonly authorization: ReadonlyArray<string>
  readonly exit: Exit.Exit<CurrentUser["Service"], AuthenticationError>
  readonly milliseconds: number
}

/**
 * Writes one line for each attempt to authenticate, for security monitoring. The line has the
 * precise reason, which the client never learns, and neither a token nor an e-mail. Failures beyond
 * `failuresPerMinute` are counted instead of written, so that a flood of bad tokens writes at most
 * 1 MiB a minute, and hides no failure that names a user.
 */
export class AuthenticationLog extends Context.Service<
  AuthenticationLog,
  {
    readonly record: (attempt: Attempt) => Effect.Effect<void>
  }
>()("effect-chatkit/http/AuthenticationLog") {
  static readonly layer = Layer.effect(
    AuthenticationLog,
    Effect.gen(function* () {
      const { make } = yield* LogBudget
      const anonymous = make("authentication failures", failuresPerMinute)
      const named = make("authentication failures of known users", failuresPerMinute)
      return {
        record: (attempt) =>
          Exit.isSuccess(attempt.exit)
            ? line("Info", "authentication", () => factsOf(attempt))
            : (namesUser(attempt.exit) ? named : anonymous).log("Info", "authentication", () =>
                factsOf(attempt)
              )
      }
    })
  )
}

/** Whether the failure knows its user, which only a token with a good signature tells. */
const namesUser = ({ cause }: Exit.Failure<unknown, AuthenticationError>): boolean => {
  const error = Option.getOrUndefined(Cause.findErrorOption(cause))
  return error !== undefined && "userId" in error && error.userId !== undefined
}

const factsOf = ({ authorization, exit, milliseconds, request }: Attempt) => ({
  ...outcomeOf(exit),
  ...tokenFacts(authorization, exit),
  "client.address": Option.getOrUndefined(request.remoteAddress),
  "client.forwarded_for": printable(request.headers["x-forwarded-for"]),
  user_agent: printable(request.headers["user-agent"]),
  duration_ms: milliseconds
})

const outcomeOf = (
  exit: Exit.Exit<CurrentUser["Service"], AuthenticationError>
): Record<string, unknown> => {
  if (Exit.isSuccess(exit)) {
    const { sessionId, userId, verification } = exit.value
    return {
      outcome: "accepted",
      "user.id": userId,
      "session.id": sessionId,
      "token.kind": verification.kind
    }
  }
  const error = Cause.findErrorOption(exit.cause)
  if (error._tag === "None") {
    const abandoned = Cause.hasInterruptsOnly(exit.cause)
    return abandoned ? { outcome: "abandoned" } : { outcome: "failed", reason: "defect" }
  }
  const failure = error.value
  switch (failure._tag) {
    case "InvalidToken":
      return { outcome: "refused", reason: failure.reason, "user.id": failure.userId }
    case "UserNotFound":
      return { outcome: "refused", reason: "user_not_found" }
    case "NoActiveSession":
      return { outcome: "refused", reason: "no_active_session", "user.id": failure.userId }
    case "DbUnavailable":
      return { outcome: "unavailable", reason: "database", operation: failure.operation }
    case "KeysUnavailable":
      return { outcome: "unavailable", reason: "keys" }
  }
}

/** The facts about the token that are safe to log; unverified ones when the attempt failed. */
const tokenFacts = (
  [header = ""]: ReadonlyArray<string>,
  exit: Attempt["exit"]
): Record<string, unknown> => {
  if (Exit.isFailure(exit)) return factsOfToken(header, unverifiedOrigin)
  const { verification } = exit.value
  const cached = verifiedFacts.get(verification)
  if (cached?.header === header) return cached.facts
  const facts = factsOfToken(header, () => verification)
  verifiedFacts.set(verification, { header, facts })
  return facts
}

/** Cached for as long as the verified token is remembered, which keeps its `Verification`. */
const verifiedFacts = new WeakMap<
  Verification,
  { readonly header: string; readonly facts: Record<string, unknown> }
>()

const factsOfToken = (
  header: string,
  originOf: (token: string) => Record<"alg" | "issuer" | "kid", unknown> | Verification
): Record<string, unknown> => {
  const token = /^bearer +(.+)$/i.exec(header)?.[1]
  if (token === undefined) return {}
  const { alg, issuer, kid } = originOf(token)
  return {
    // Shows whether two lines are about the same token, and cannot be reversed.
    "token.fingerprint": hash("sha256", token, "hex").slice(0, 12),
    "token.alg": matching(alg, /^[A-Za-z0-9-]{1,16}$/),
    "token.kid": matching(kid, /^[\x21-\x7e]{1,256}$/),
    // Without `@`, so that neither an e-mail nor the password of a URL is logged.
    "token.iss": matching(issuer, /^[A-Za-z0-9:/._[\]-]{1,256}$/)
  }
}

const unverifiedOrigin = (token: string) => {
  const [header, payload] = token.split(".", 2).map((part) => decodeObject(part))
  return { alg: header?.["alg"], kid: header?.["kid"], issuer: payload?.["iss"] }
}

const matching = (value: unknown, pattern: RegExp): string | undefined => {
  if (value === undefined) return undefined
  return typeof value === "string" && pattern.test(value) && printable(value) === value
    ? value
    : "<unprintable>"
}

/** Makes a header safe to log: short, without control characters, addresses and tokens. */
const printable = (value: string | undefined): string | undefined =>
  (value === undefined || value.length <= maxLength
    ? value
    : // The last word may be half a token, which the pattern below would not recognise.
      value.slice(0, maxLength).replace(/\S*$/, "...")
  )
    ?.replace(/[^\x20-\x7e]/g, "?")
    .replace(/\S+@\S+/g, "<address>")
    .replace(/[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_%+/=-]{16,}(\.[A-Za-z0-9_-]*)?/g, "<token>")
