import { hash } from "node:crypto"
import { Cause, Context, Effect, Exit, Layer, Option } from "effect"
import type { HttpServerRequest } from "effect/http"
import type { AuthenticationError } from "../auth/Authenticator.ts"
import type { CurrentUser, Verification } from "../auth/CurrentUser.ts"
import { decodeObject } from "../auth/Jws.ts"
import { line, LogBudget } from "../telemetry/LogBudget.ts"

/** Most lines a minute for attempts that fail; those that succeed need a good token. */
export const failuresPerMinute = 600

/** Longest text taken over from a request into a line, in characters. */
const longest = 256

export interface Attempt {
  readonly request: HttpServerRequest.HttpServerRequest
  /** Every `Authorization` line. */
  readonly authorization: ReadonlyArray<string>
  readonly exit: Exit.Exit<CurrentUser["Service"], AuthenticationError>
  readonly milliseconds: number
}

/**
 * One line for each attempt to authenticate, for security monitoring. It has the precise reason
 * the client is never told, and nothing that could be used or that names a person: no token, no
 * e-mail. Failures beyond `failuresPerMinute` are counted instead of written, so that a flood of
 * bad tokens writes no more than 1 MiB a minute.
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
      const failures = (yield* LogBudget).make("authentication failures", failuresPerMinute)
      return {
        record: (attempt) =>
          Exit.isSuccess(attempt.exit)
            ? line("Info", "authentication", () => factsOf(attempt))
            : failures.log("Info", "authentication", () => factsOf(attempt))
      }
    })
  )
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

/** What the token says of itself, as far as it is harmless to write down. */
const tokenFacts = (
  [line]: ReadonlyArray<string>,
  exit: Attempt["exit"]
): Record<string, unknown> => {
  if (Exit.isSuccess(exit)) {
    const { verification } = exit.value
    const known = verifiedFacts.get(verification)
    if (known !== undefined && known.line === line) return known.facts
    const facts = factsOfToken(line ?? "", () => verification)
    verifiedFacts.set(verification, { line, facts })
    return facts
  }
  return factsOfToken(line ?? "", claimed)
}

/** A token that is remembered as verified has these already. */
const verifiedFacts = new WeakMap<
  Verification,
  { readonly line: string | undefined; readonly facts: Record<string, unknown> }
>()

const factsOfToken = (
  line: string,
  read: (token: string) => Record<"alg" | "issuer" | "kid", unknown> | Verification
): Record<string, unknown> => {
  const token = /^bearer +(.+)$/i.exec(line)?.[1]
  if (token === undefined) return {}
  const { alg, issuer, kid } = read(token)
  return {
    // Tells two tokens apart and a repeated one again; cannot be turned back.
    "token.fingerprint": hash("sha256", token, "hex").slice(0, 12),
    "token.alg": matching(alg, /^[A-Za-z0-9-]{1,16}$/),
    "token.kid": matching(kid, /^[A-Za-z0-9_-]{1,128}$/),
    // An origin: no `@`, so no e-mail and no password of a URL.
    "token.iss": matching(issuer, /^[A-Za-z0-9:/._[\]-]{1,256}$/)
  }
}

const claimed = (token: string) => {
  const [header, payload] = token.split(".", 2).map((part) => decodeObject(part))
  return { alg: header?.["alg"], kid: header?.["kid"], issuer: payload?.["iss"] }
}

const matching = (value: unknown, pattern: RegExp): string | undefined => {
  if (value === undefined) return undefined
  return typeof value === "string" && pattern.test(value) && printable(value) === value
    ? value
    : "<unprintable>"
}

/** A header for the log: short, without control characters, addresses or tokens people put there. */
const printable = (value: string | undefined): string | undefined =>
  (value === undefined || value.length <= longest
    ? value
    : // Half a word might be half a token, which nothing would recognise.
      value.slice(0, longest).replace(/\S*$/, "...")
  )
    ?.replace(/[^\x20-\x7e]/g, "?")
    .replace(/\S+@\S+/g, "<address>")
    .replace(/[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_%+/=-]{16,}(\.[A-Za-z0-9_-]*)?/g, "<token>")
