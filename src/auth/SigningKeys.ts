import { Clock, Context, Effect, Layer, Option } from "effect"
import * as jose from "jose"
import type { CryptoKey } from "jose"
import { type DbUnavailable } from "../core/Errors.ts"
import { InvalidToken, KeysUnavailable } from "./Errors.ts"
import { singleFlight } from "../core/SingleFlight.ts"
import { KeySource, type PublicKey } from "./KeySource.ts"
import { refuse } from "./Refuse.ts"

type Outage = KeysUnavailable | DbUnavailable

/** All times in milliseconds. */
const freshFor = 60_000
const knownFor = 24 * 60 * 60_000
const refreshEvery = 1_000
const quietAfterFailure = 5_000
/** How long a caller whose key is known waits for newer ones, and one whose key is not. */
const waitForNewer = 600
export const waitForUnknown = 1_500

type KeySet = ReadonlyMap<string, Key>

interface Loaded {
  readonly startedAt: number
  readonly at: number
  /** The same object as long as the keys are the same. */
  readonly byId: KeySet
}

/** A key ready to verify, and the set it is of: another object as soon as any key changes. */
export interface VerificationKey {
  readonly key: CryptoKey | Uint8Array
  readonly keySet: object
}

class Key {
  readonly key: PublicKey
  readonly #imported = new Map<string, CryptoKey | Uint8Array>()
  constructor(key: PublicKey) {
    this.key = key
  }
  imported(alg: string): Effect.Effect<CryptoKey | Uint8Array, InvalidToken> {
    const known = this.#imported.get(alg)
    if (known !== undefined) return Effect.succeed(known)
    return Effect.tryPromise({
      try: () => jose.importJWK({ ...this.key.jwk }, alg),
      catch: () => new InvalidToken({ reason: "algorithm_not_of_key" })
    }).pipe(Effect.tap((key) => Effect.sync(() => this.#imported.set(alg, key))))
  }
}

/**
 * The keys that verify a plugin token, loaded once and kept. Better Auth makes a key when it
 * first needs one and its endpoint forbids no caching, so an unknown `kid` asks again: at most
 * once a second, and once for all who wait. While the source is out of reach, known keys go on
 * working for 24 hours.
 */
export class SigningKeys extends Context.Service<
  SigningKeys,
  {
    /** The key named by `kid`, ready to verify `alg` and nothing else (RFC 8725 §3.1). */
    readonly find: (
      kid: string,
      alg: string
    ) => Effect.Effect<VerificationKey, InvalidToken | Outage>
    /** Fails while keys are out of reach and none are known. */
    readonly loadable: Effect.Effect<void, Outage>
  }
>()("effect-chatkit/auth/SigningKeys") {
  static readonly layer = Layer.effect(
    SigningKeys,
    Effect.gen(function* () {
      const source = yield* KeySource
      let loaded: Loaded | undefined
      let startedAt = -Infinity
      let quietUntil = -Infinity

      const load = Effect.gen(function* () {
        const since = (yield* Clock.currentTimeMillis) - startedAt
        // A clock that was set back must not keep us waiting until it is where it was.
        if (since >= 0 && since < refreshEvery) yield* Effect.sleep(refreshEvery - since)
        startedAt = yield* Clock.currentTimeMillis
        const keys = yield* source.load
        loaded = {
          startedAt,
          at: yield* Clock.currentTimeMillis,
          byId: keySetOf(loaded, keys)
        }
        return loaded
      }).pipe(
        Effect.tapError(() =>
          Effect.map(Clock.currentTimeMillis, (now) => {
            quietUntil = now + quietAfterFailure
          })
        )
      )

      const refresh = yield* singleFlight(load)

      const orUnavailable = Effect.timeoutOrElse({
        duration: waitForUnknown,
        orElse: () => new KeysUnavailable()
      })

      const ageAt = (now: number) => {
        if (loaded === undefined) return Infinity
        return now >= loaded.at ? now - loaded.at : freshFor + 1
      }
      const isQuiet = (now: number) => now < quietUntil && quietUntil - now <= quietAfterFailure

      const isKnown = (kid: string, now: number) =>
        loaded?.byId.has(kid) === true && ageAt(now) <= knownFor

      const newer = Effect.fnUntraced(function* (kid: string, now: number) {
        if (isKnown(kid, now)) {
          const newer = yield* refresh.pipe(Effect.timeoutOption(waitForNewer), Effect.option)
          return Option.getOrElse(Option.flatten(newer), () => loaded!)
        }
        const first = yield* refresh
        // A load that was under way already may be older than the key.
        return first.startedAt < now && !first.byId.has(kid) ? yield* refresh : first
      }, orUnavailable)

      const pick = ({ byId }: Loaded, kid: string, alg: string, now: number) => {
        const found = byId.get(kid)
        if (found === undefined) return refuse(byId.size === 0 ? "keys_empty" : "key_unknown")
        if (found.key.retiresAt <= now) return refuse("key_retired")
        if (!algorithmsOf(found.key).includes(alg)) return refuse("algorithm_not_of_key")
        return Effect.map(found.imported(alg), (key) => ({ key, keySet: byId }))
      }

      return {
        loadable: Effect.flatMap(Clock.currentTimeMillis, (now) =>
          ageAt(now) <= knownFor ? Effect.void : orUnavailable(refresh)
        ),
        find: (kid, alg) =>
          Effect.flatMap(Clock.currentTimeMillis, (now) => {
            if (isKnown(kid, now) && (ageAt(now) <= freshFor || isQuiet(now))) {
              return pick(loaded!, kid, alg, now)
            }
            return Effect.flatMap(newer(kid, now), (loaded) =>
              Effect.flatMap(Clock.currentTimeMillis, (now) => pick(loaded, kid, alg, now))
            )
          })
      }
    })
  )
}

const keySetOf = (loaded: Loaded | undefined, keys: ReadonlyArray<PublicKey>): KeySet => {
  const known = loaded?.byId
  const byId = new Map(keys.map((key) => [key.kid, carriedOver(known, key)]))
  const isSame =
    byId.size === known?.size && [...byId].every(([kid, key]) => known.get(kid) === key)
  return isSame ? known : byId
}

const carriedOver = (loaded: KeySet | undefined, key: PublicKey): Key => {
  const known = loaded?.get(key.kid)
  return known !== undefined && JSON.stringify(known.key) === JSON.stringify(key)
    ? known
    : new Key(key)
}

/** What a key may verify follows from the key, never from the token's header. */
const algorithmsOf = ({ alg, jwk }: PublicKey): ReadonlyArray<string> => {
  switch (`${jwk["kty"]} ${jwk["crv"] ?? ""}`) {
    case "OKP Ed25519":
      return ["EdDSA", "Ed25519"]
    case "EC P-256":
      return ["ES256"]
    case "EC P-521":
      return ["ES512"]
    case "RSA ":
      return alg === "RS256" || alg === "PS256" ? [alg] : ["RS256", "PS256"]
    default:
      return []
  }
}
