import { Context, type Effect } from "effect"
import type { DbUnavailable } from "../core/Errors.ts"
import type { KeysUnavailable } from "./Errors.ts"

/** One public key as Better Auth publishes it: its `jwks` row, or an entry of its key endpoint. */
export interface PublicKey {
  readonly kid: string
  /** Public members only (RFC 7517 §4): never `d`. */
  readonly jwk: Readonly<Record<string, string>>
  /** The declared algorithm: where there is one, the key verifies no other. */
  readonly alg: string | undefined
  /** Milliseconds since 1970 from which this key no longer verifies. */
  readonly retiresAt: number
}

/** The place that publishes the verification keys. Loading all is cheap: there are a handful. */
export class KeySource extends Context.Service<
  KeySource,
  {
    readonly load: Effect.Effect<ReadonlyArray<PublicKey>, KeysUnavailable | DbUnavailable>
  }
>()("effect-chatkit/auth/KeySource") {}

/** Better Auth's `gracePeriod`: how long an expired key still verifies, in milliseconds. */
export const gracePeriod = 30 * 24 * 60 * 60 * 1000

/** Most keys that are loaded: a misconfigured Better Auth has been seen to make one per request. */
export const maxKeys = 1000

const publicMembers = ["kty", "crv", "x", "y", "n", "e"]

/** The public members of a JWK, if it is an asymmetric key for signatures. */
export const publicJwk = (
  value: Readonly<Record<string, unknown>>
): Readonly<Record<string, string>> | undefined => {
  if (value["use"] !== undefined && value["use"] !== "sig") return undefined
  // RFC 7517 §4.3: a key that lists its operations has no others.
  const operations = value["key_ops"]
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes("verify"))) {
    return undefined
  }
  if (!["OKP", "EC", "RSA"].some((kty) => kty === value["kty"])) return undefined
  const members = publicMembers.flatMap((name) => {
    const member = value[name]
    return typeof member === "string" ? [[name, member] as const] : []
  })
  return Object.fromEntries(members)
}
