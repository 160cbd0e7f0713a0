import { Clock, Context, Effect, Layer, Predicate, Redacted } from "effect"
import * as jose from "jose"
import {
  type DbUnavailable,
  InvalidToken,
  type InvalidTokenReason,
  type KeysUnavailable
} from "../domain/Errors.ts"
import { type Claims, type Expected, readClaims } from "./Claims.ts"
import { type JwsHeader, parseHeader } from "./Jws.ts"
import * as SessionToken from "./SessionToken.ts"
import { SigningKeys } from "./SigningKeys.ts"

/** What the server accepts; every part of it is a setting. */
export interface TokenPolicy extends Expected {
  /** `BETTER_AUTH_SECRET`; without it nothing that is signed with it is accepted. */
  readonly secret: Redacted.Redacted | undefined
  /** Whether the bearer plugin's signed session tokens are accepted. */
  readonly sessionTokens: boolean
  /** Seconds by which our clock and Better Auth's may differ. */
  readonly clockTolerance: number
}

/** Better Auth's algorithms, all asymmetric, and RFC 9864's name for its default. */
const asymmetric = new Set(["EdDSA", "Ed25519", "ES256", "ES512", "RS256", "PS256"])
const keyId = /^[A-Za-z0-9_-]{1,128}$/

/**
 * Turns a token into claims that can be relied on, or refuses it. `HS256` is checked with the
 * secret only and the asymmetric algorithms with published keys only, so that a public key can
 * never serve as a secret (RFC 8725 §2.1).
 */
export class JwtVerifier extends Context.Service<
  JwtVerifier,
  {
    readonly verify: (
      token: Redacted.Redacted
    ) => Effect.Effect<Claims, InvalidToken | KeysUnavailable | DbUnavailable>
  }
>()("effect-chatkit/auth/JwtVerifier") {
  static readonly layer = (policy: TokenPolicy) =>
    Layer.effect(
      JwtVerifier,
      Effect.gen(function* () {
        const keys = yield* SigningKeys
        const secret = policy.secret && (yield* importSecret(policy.secret))

        const keyFor = (header: JwsHeader) => {
          if (header.alg === "HS256") {
            return secret === undefined ? refuse("secret_missing") : Effect.succeed(secret)
          }
          if (!asymmetric.has(header.alg)) return refuse("algorithm_not_allowed")
          // Checked before it goes anywhere: a NUL in a statement would look like an outage.
          if (header.kid === undefined || !keyId.test(header.kid)) return refuse("key_id_missing")
          return keys.find(header.kid, header.alg)
        }

        const verifyJwt = Effect.fnUntraced(function* (token: string, header: JwsHeader) {
          const key = yield* keyFor(header)
          const now = yield* Clock.currentTimeMillis
          const { payload } = yield* Effect.tryPromise({
            try: () =>
              jose.jwtVerify(token, key, {
                algorithms: [header.alg],
                requiredClaims: ["exp"],
                clockTolerance: policy.clockTolerance,
                currentDate: new Date(now)
              }),
            catch: reasonOf
          }).pipe(Effect.mapError((reason) => new InvalidToken({ reason })))
          const { clockTolerance } = policy
          const claims = readClaims(payload, header, policy, Math.floor(now / 1000), clockTolerance)
          return typeof claims === "string" ? yield* refuse(claims) : claims
        })

        return {
          verify: Effect.fnUntraced(function* (redacted) {
            const token = Redacted.value(redacted)
            const header = parseHeader(token)
            if (typeof header !== "string") return yield* verifyJwt(token, header)
            if (header !== "session_token" || !policy.sessionTokens) return yield* refuse(header)
            if (secret === undefined) return yield* refuse("secret_missing")
            return yield* SessionToken.verify(token, secret)
          })
        }
      })
    )
}

const importSecret = (secret: Redacted.Redacted) =>
  Effect.promise(() =>
    crypto.subtle.importKey(
      "raw",
      new TextEncoder().encode(Redacted.value(secret)),
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["verify"]
    )
  )

const refuse = (reason: InvalidTokenReason) => Effect.fail(new InvalidToken({ reason }))

/** jose's errors carry the decoded payload: they are read for their code and dropped. */
const reasonOf = (cause: unknown): InvalidTokenReason => {
  const code = Predicate.hasProperty(cause, "code") ? cause.code : undefined
  const claim = Predicate.hasProperty(cause, "claim") ? cause.claim : undefined
  switch (code) {
    case "ERR_JWT_EXPIRED":
      return "expired"
    case "ERR_JWT_CLAIM_VALIDATION_FAILED":
      return claim === "exp" ? "expiry_missing" : claim === "nbf" ? "not_yet_valid" : "claims"
    case "ERR_JWT_INVALID":
      return "malformed_token"
    default:
      return "signature"
  }
}
