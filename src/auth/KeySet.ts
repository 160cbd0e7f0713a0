import { Effect } from "effect"
import * as jose from "jose"
import type { CryptoKey } from "jose"
import { InvalidToken } from "./Errors.ts"
import type { PublicKey } from "./KeySource.ts"
import { refuse } from "./tokens/Refuse.ts"

/** The published keys by `kid`. The same object for as long as no key changes. */
export type KeySet = ReadonlyMap<string, ImportableKey>

/** A key ready to verify, and the set it belongs to: another object as soon as any key changes. */
export interface VerificationKey {
  readonly key: CryptoKey | Uint8Array
  readonly keySet: object
}

/** A public key that is imported once for each algorithm it is used with. */
class ImportableKey {
  readonly publicKey: PublicKey
  readonly #imported = new Map<string, CryptoKey | Uint8Array>()
  constructor(publicKey: PublicKey) {
    this.publicKey = publicKey
  }
  importFor(alg: string): Effect.Effect<CryptoKey | Uint8Array, InvalidToken> {
    const imported = this.#imported.get(alg)
    if (imported !== undefined) return Effect.succeed(imported)
    return Effect.tryPromise({
      try: () => jose.importJWK({ ...this.publicKey.jwk }, alg),
      catch: () => new InvalidToken({ reason: "algorithm_not_of_key" })
    }).pipe(Effect.tap((key) => Effect.sync(() => this.#imported.set(alg, key))))
  }
}

/** The set of these keys; keys that have not changed keep what was imported. */
export const keySetOf = (keys: ReadonlyArray<PublicKey>, previous?: KeySet): KeySet => {
  const keySet = new Map(keys.map((key) => [key.kid, importableOf(key, previous?.get(key.kid))]))
  const isSame =
    keySet.size === previous?.size && [...keySet].every(([kid, key]) => previous.get(kid) === key)
  return isSame ? previous : keySet
}

const importableOf = (key: PublicKey, previous: ImportableKey | undefined): ImportableKey =>
  previous !== undefined && JSON.stringify(previous.publicKey) === JSON.stringify(key)
    ? previous
    : new ImportableKey(key)

/** The key named by `kid`, if it may verify `alg` at `now` (ms since 1970). */
export const verificationKey = (
  keySet: KeySet,
  kid: string,
  alg: string,
  now: number
): Effect.Effect<VerificationKey, InvalidToken> => {
  const found = keySet.get(kid)
  if (found === undefined) return refuse(keySet.size === 0 ? "keys_empty" : "key_unknown")
  if (found.publicKey.retiresAt <= now) return refuse("key_retired")
  if (!algorithmsOf(found.publicKey).includes(alg)) return refuse("algorithm_not_of_key")
  return Effect.map(found.importFor(alg), (key) => ({ key, keySet }))
}

/** The key decides which algorithms it verifies, never the token's header (RFC 8725 §3.1). */
const algorithmsOf = ({ alg, jwk }: PublicKey): ReadonlyArray<string> => {
  const possible = possibleFor(jwk)
  if (alg === undefined) return possible
  // Two names of one algorithm (RFC 9864); any other declared one is the only one (RFC 7517 §4.4).
  if (possible.includes("EdDSA")) return possible.includes(alg) ? possible : []
  return possible.filter((name) => name === alg)
}

const possibleFor = (jwk: PublicKey["jwk"]): ReadonlyArray<string> => {
  switch (`${jwk["kty"]} ${jwk["crv"] ?? ""}`) {
    case "OKP Ed25519":
      return ["EdDSA", "Ed25519"]
    case "EC P-256":
      return ["ES256"]
    case "EC P-521":
      return ["ES512"]
    case "RSA ":
      return hasSoundExponent(jwk["e"]) ? ["RS256", "PS256"] : []
    default:
      return []
  }
}

/** Odd and at least 65537: with a smaller one, as 1, anybody can make signatures. */
const hasSoundExponent = (e: string | undefined): boolean => {
  const hex = Buffer.from(e ?? "", "base64url").toString("hex")
  const exponent = hex === "" ? 0n : BigInt(`0x${hex}`)
  return exponent >= 65_537n && exponent % 2n === 1n
}
