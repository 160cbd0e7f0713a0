import { hash } from "node:crypto"
import { Clock, Context, Effect, Layer, Predicate, Redacted } from "effect"
import * as jose from "jose"
import type { CryptoKey } from "jose"
import type { DbUnavailable } from "../core/Errors.ts"
import type { InvalidToken, InvalidTokenReason, KeysUnavailable } from "./Errors.ts"
import { type Claims, type Expected, readClaims } from "./Claims.ts"
import { decodeObject, type JwsHeader, parseHeader } from "./Jws.ts"
import { judgeLifetime, readLifetime } from "./Lifetime.ts"
import { canonical, readSessionToken, verifySessionToken } from "./SessionToken.ts"
import { refuse } from "./Refuse.ts"
import { SigningKeys } from "./SigningKeys.ts"
import { type Reading, TokenMemory, verifiedTokens } from "./VerifiedTokens.ts"

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
 * never serve as a secret (RFC 8725 §2.1). What cannot be valid whoever signed it is refused
 * before any key is looked for; a good signature is not verified again for a minute.
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
        const memory = verifiedTokens(yield* TokenMemory)
        const secret = policy.secret && (yield* importSecret(policy.secret))
        const secretFound = secret && Effect.succeed({ key: secret, keySet: secret })
        const { clockTolerance } = policy

        const keyFor = ({ alg, kid }: JwsHeader) => {
          if (alg === "HS256") return secretFound ?? refuse("secret_missing")
          return kid === undefined ? refuse("key_id_missing") : keys.find(kid, alg)
        }

        const read = (token: string, now: number): Reading | InvalidTokenReason => {
          const header = parseHeader(token)
          if (header === "session_token" && policy.sessionTokens) {
            return secret === undefined ? "secret_missing" : readSessionToken(token)
          }
          if (typeof header === "string") return header
          const unfit = unfitness(header, secret !== undefined)
          if (unfit !== undefined) return unfit
          const payload = decodeObject(token.split(".", 2)[1] ?? "")
          if (payload === undefined) return "malformed_token"
          const lifetime = readLifetime(payload)
          if (typeof lifetime === "string") return lifetime
          const untimely = judgeLifetime(lifetime, now, clockTolerance)
          if (untimely !== undefined) return untimely
          const claims = readClaims(payload, header, policy)
          return typeof claims === "string" ? claims : { header, lifetime, claims }
        }

        const verifySignature = (
          token: string,
          { claims, header }: Reading,
          key: CryptoKey | Uint8Array,
          now: number
        ): Effect.Effect<unknown, InvalidToken> =>
          secret !== undefined && claims.verification.kind === "session_token"
            ? verifySessionToken(token, secret)
            : Effect.tryPromise({
                try: () =>
                  jose.jwtVerify(token, key, {
                    algorithms: [header.alg],
                    requiredClaims: ["exp"],
                    clockTolerance,
                    currentDate: new Date(now)
                  }),
                catch: reasonOf
              }).pipe(Effect.catch(refuse))

        return {
          verify: (redacted) =>
            Effect.flatMap(Clock.currentTimeMillis, (now) => {
              const given = Redacted.value(redacted)
              const token = policy.sessionTokens ? canonical(given) : given
              const digest = hash("sha256", token, "base64url")
              const known = memory.recall(digest, now)
              const reading = known ?? read(token, now)
              if (typeof reading === "string") return refuse(reading)
              return Effect.flatMap(keyFor(reading.header), ({ key, keySet }) =>
                // Keys may have taken their time.
                Effect.flatMap(Clock.currentTimeMillis, (now) => {
                  const untimely = judgeLifetime(reading.lifetime, now, clockTolerance)
                  if (untimely !== undefined) return refuse(untimely)
                  if (known?.verifiedBy === keySet) return Effect.succeed(known.claims)
                  return Effect.map(verifySignature(token, reading, key, now), () => {
                    const { claims, header, lifetime } = reading
                    const verified = { header, lifetime, claims, verifiedBy: keySet }
                    memory.remember(digest, token.length, verified, now)
                    return claims
                  })
                })
              )
            })
        }
      })
    )
}

/** What no key can make good. */
const unfitness = ({ alg, kid }: JwsHeader, hasSecret: boolean): InvalidTokenReason | undefined => {
  if (alg === "HS256") return hasSecret ? undefined : "secret_missing"
  if (!asymmetric.has(alg)) return "algorithm_not_allowed"
  // Checked before it goes anywhere: a NUL in a statement would look like an outage.
  return kid === undefined || !keyId.test(kid) ? "key_id_missing" : undefined
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

/** jose's errors carry the decoded payload: they are read for their code and dropped. */
const reasonOf = (cause: unknown): InvalidTokenReason => {
  const code = Predicate.hasProperty(cause, "code") ? cause.code : undefined
  switch (code) {
    case "ERR_JWT_EXPIRED":
      return "expired"
    case "ERR_JWT_CLAIM_VALIDATION_FAILED":
      return "claims"
    case "ERR_JWT_INVALID":
      return "malformed_token"
    default:
      return "signature"
  }
}
