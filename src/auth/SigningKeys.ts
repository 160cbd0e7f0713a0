import { Clock, Context, Effect, Layer, Option, Semaphore } from "effect"
import type { DbUnavailable } from "../core/Errors.ts"
import { singleFlight } from "../core/SingleFlight.ts"
import { type InvalidToken, KeysUnavailable } from "./Errors.ts"
import { type KeySet, keySetOf, type VerificationKey, verificationKey } from "./KeySet.ts"
import { KeySource } from "./KeySource.ts"

type Outage = KeysUnavailable | DbUnavailable

/** All in milliseconds. Keys that are no longer fresh are refreshed, and usable meanwhile. */
const freshFor = 60_000
const usableFor = 24 * 60 * 60_000
const refreshEvery = 1_000
const quietAfterFailure = 5_000
/** How long a token waits for newer keys when its own is known, and when it is not. */
const waitForNewer = 600
export const waitForUnknown = 1_500
/** How old the keys may be by which a token is refused that finds no place to wait in. */
const recentFor = 5_000

/** How many tokens of unknown keys wait at a time. */
const maxWaiting = 1_000
/** How many of them go on in one turn of the event loop, so that other requests get theirs. */
const leavingPerTurn = 4

type Loading = Effect.Effect<Loaded, Outage>

interface Loaded {
  readonly startedAt: number
  readonly finishedAt: number
  readonly keySet: KeySet
}

/**
 * The keys that verify a plugin token, loaded once and cached. Better Auth makes a key when it
 * first needs one and its endpoint sets no cache headers, so an unknown `kid` triggers a refresh:
 * at most one a second, shared by all who wait. While the source is unreachable, cached keys stay
 * valid for 24 hours.
 *
 * Anybody can make up unknown `kid`s. So only `maxWaiting` tokens wait for a refresh, and those that
 * gain nothing by it leave a few at a time. A token beyond that is refused by keys that were loaded
 * just now; where there are none, that is an outage as for the others.
 */
export class SigningKeys extends Context.Service<
  SigningKeys,
  {
    /** The key named by `kid`, ready to verify `alg` and nothing else (RFC 8725 §3.1). */
    readonly find: (
      kid: string,
      alg: string
    ) => Effect.Effect<VerificationKey, InvalidToken | Outage>
    /** For readiness: says so while no keys are cached and none can be loaded; within 1.5 s. */
    readonly check: Effect.Effect<ReadonlyArray<string>>
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
        // After the clock was set back, `since` is negative: do not wait for the old time.
        if (since >= 0 && since < refreshEvery) yield* Effect.sleep(refreshEvery - since)
        startedAt = yield* Clock.currentTimeMillis
        const keySet = keySetOf(yield* source.load, loaded?.keySet)
        loaded = { startedAt, finishedAt: yield* Clock.currentTimeMillis, keySet }
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
        return now >= loaded.finishedAt ? now - loaded.finishedAt : freshFor + 1
      }
      const isQuiet = (now: number) => now < quietUntil && quietUntil - now <= quietAfterFailure

      const isUsable = (kid: string, now: number) =>
        loaded?.keySet.has(kid) === true && ageAt(now) <= usableFor

      const refreshed = Effect.fnUntraced(function* (kid: string, now: number) {
        if (isUsable(kid, now)) {
          const newer = yield* refresh.pipe(Effect.timeoutOption(waitForNewer), Effect.option)
          return Option.getOrElse(Option.flatten(newer), () => loaded!)
        }
        const first = yield* refresh
        // A refresh that was already running may have started before the key was made.
        return first.startedAt < now && !first.keySet.has(kid) ? yield* refresh : first
      }, orUnavailable)

      const atHand = (now: number) =>
        loaded !== undefined && ageAt(now) <= recentFor && !isQuiet(now)
          ? Effect.succeed(loaded)
          : new KeysUnavailable()

      const waiting = Semaphore.makeUnsafe(maxWaiting)
      const leaving = Semaphore.makeUnsafe(leavingPerTurn)

      const found = Effect.fnUntraced(function* (loading: Loading, kid: string, alg: string) {
        const { keySet } = yield* loading
        return yield* verificationKey(keySet, kid, alg, yield* Clock.currentTimeMillis)
      })

      return {
        check: Effect.flatMap(Clock.currentTimeMillis, (now) =>
          ageAt(now) <= usableFor ? Effect.void : orUnavailable(refresh)
        ).pipe(
          Effect.match({
            onFailure: () => ["no verification keys can be loaded"],
            onSuccess: () => []
          })
        ),
        find: (kid, alg) =>
          Effect.flatMap(Clock.currentTimeMillis, (now) => {
            if (isUsable(kid, now) && (ageAt(now) <= freshFor || isQuiet(now))) {
              return verificationKey(loaded!.keySet, kid, alg, now)
            }
            const refreshing = found(refreshed(kid, now), kid, alg)
            if (isUsable(kid, now)) return refreshing
            return Effect.flatMap(
              refreshing.pipe(
                Effect.tapError(() => leaving.withPermits(1)(nextTurn)),
                waiting.withPermitsIfAvailable(1)
              ),
              Option.match({
                onNone: () => found(atHand(now), kid, alg),
                onSome: Effect.succeed
              })
            )
          })
      }
    })
  )
}

const nextTurn = Effect.callback<void>((resume) => {
  setImmediate(() => resume(Effect.void))
})
