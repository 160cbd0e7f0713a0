import { hash } from "node:crypto"
import { Clock, Context, Effect, Layer, Redacted } from "effect"
import * as jose from "jose"
import type { CryptoKey } from "jose"
import type { DbUnavailable } from "../../core/Errors.ts"
import type { Claims } from "./Claims.ts"
import type { InvalidToken, InvalidTokenReason, KeysUnavailable } from "../Errors.ts"
import type { JwsHeader } from "./Jws.ts"
import { judgeLifetime } from "./Lifetime.ts"
import type { ParsedToken } from "./ParsedToken.ts"
import { refuse } from "./Refuse.ts"
import { canonical, verifySessionToken } from "./SessionToken.ts"
import { SigningKeys } from "../SigningKeys.ts"
import { parseToken, type TokenPolicy } from "./TokenParser.ts"
import { TokenMemory, verifiedTokens } from "./VerifiedTokens.ts"

/**
 * Turns a token into claims that can be relied on, or refuses it. `HS256` is checked with the
 * secret only and the asymmetric algorithms with published keys only, so that a public key can
 * never serve as a secret (RFC 8725 §2.1). A token that is invalid whoever signed it is refused
 * before any key is looked up; a good signature is not verified again for a minute.
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
        const signingKeys = yield* SigningKeys
        const memory = verifiedTokens(yield* TokenMemory)
        const secret = policy.secret && (yield* importSecret(policy.secret))
        const secretKey = secret && Effect.succeed({ key: secret, keySet: secret })

        const keyFor = ({ alg, kid }: JwsHeader) => {
          if (alg === "HS256") return secretKey ?? refuse("secret_missing")
          return kid === undefined ? refuse("key_id_missing") : signingKeys.find(kid, alg)
        }

        const verifySignature = (
          token: string,
          { claims, header }: ParsedToken,
          key: CryptoKey | Uint8Array
        ): Effect.Effect<unknown, InvalidToken> =>
          secret !== undefined && claims.verification.kind === "session_token"
            ? verifySessionToken(token, secret)
            : Effect.tryPromise({
                try: () => jose.compactVerify(token, key, { algorithms: [header.alg] }),
                // The parser has accepted the form: only the signature, or a key too weak for
                // `alg`, can fail here.
                catch: (): InvalidTokenReason => "signature"
              }).pipe(Effect.catch(refuse))

        return {
          verify: (redacted) =>
            Effect.flatMap(Clock.currentTimeMillis, (now) => {
              const text = Redacted.value(redacted)
              const token = policy.sessionTokens ? canonical(text) : text
              const digest = hash("sha256", token, "base64url")
              const remembered = memory.recall(digest, now)
              const parsed = remembered ?? parseToken(token, now, policy)
              if (typeof parsed === "string") return refuse(parsed)
              return Effect.flatMap(keyFor(parsed.header), ({ key, keySet }) =>
                // Loading keys may have taken so long that the token has expired meanwhile.
                Effect.flatMap(Clock.currentTimeMillis, (now) => {
                  const untimely = judgeLifetime(parsed.lifetime, now, policy.clockTolerance)
                  if (untimely !== undefined) return refuse(untimely)
                  if (remembered?.verifiedBy === keySet) return Effect.succeed(remembered.claims)
                  return Effect.map(verifySignature(token, parsed, key), () => {
                    const { claims, header, lifetime } = parsed
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
