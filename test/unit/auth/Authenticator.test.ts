import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { Identities, type IdentityQuery } from "../../../src/auth/Identities.ts"
import { Authenticator } from "../../../src/auth/Authenticator.ts"
import { BearerToken } from "../../../src/auth/tokens/BearerToken.ts"
import { JwtVerifier } from "../../../src/auth/tokens/JwtVerifier.ts"
import { KeySource } from "../../../src/auth/KeySource.ts"
import { Sessions } from "../../../src/auth/Sessions.ts"
import { Users } from "../../../src/auth/Users.ts"
import { InvalidToken, NoActiveSession, UserNotFound } from "../../../src/auth/Errors.ts"
import { cast, IdentitiesDown, identitiesMemory, KeysDown, keysOf } from "../../support/Doubles.ts"
import {
  makeKey,
  origin,
  pluginClaims,
  sign,
  signHs256,
  signSessionToken
} from "../../support/Tokens.ts"
import { authenticate, authenticatorOn } from "../../support/auth/AuthenticatorOn.ts"
import { RequestInfo } from "../../../src/core/RequestInfo.ts"
import { Timeouts } from "../../../src/core/Timeouts.ts"

const claims = (person: string, overrides: Record<string, unknown> = {}) =>
  pluginClaims(person, overrides, 0)

const hs256 = (person: string, overrides: Record<string, unknown> = {}) =>
  Effect.promise(() => signHs256(claims(person, overrides)))

const tagOf = (...lines: ReadonlyArray<string>) =>
  Effect.map(Effect.flip(authenticate(...lines)), ({ _tag }) => _tag)

type Step = "BearerToken" | "JwtVerifier" | "Users" | "Sessions"

/** The four steps as doubles that write down when they are taken; one of them may fail. */
const steps = (taken: Array<string>, failing?: Step) => {
  const take = <A, E>(step: Step, value: A, error: E) =>
    Effect.suspend((): Effect.Effect<A, E> => {
      taken.push(step)
      return step === failing ? Effect.fail(error) : Effect.succeed(value)
    })
  const token = Redacted.make("token")
  const verified = {
    verification: { kind: "jwt", alg: "EdDSA" },
    email: Redacted.make("ada@example.com"),
    subject: "ada",
    sessionId: undefined,
    sessionToken: undefined
  } as const
  const [ada] = cast
  const refused = new InvalidToken({ reason: "signature" })
  return Authenticator.layer.pipe(
    Layer.provide([
      Layer.succeed(BearerToken, { extract: () => take("BearerToken", token, refused) }),
      Layer.succeed(JwtVerifier, {
        verify: (given) =>
          take("JwtVerifier", given === token ? verified : assert.fail("another token"), refused)
      }),
      Layer.succeed(Users, {
        find: (given) =>
          take("Users", given === verified ? ada! : assert.fail("others"), new UserNotFound())
      }),
      Layer.succeed(Sessions, {
        resolve: (given) =>
          take(
            "Sessions",
            given === ada ? ada!.sessionId! : assert.fail("others"),
            new NoActiveSession({})
          )
      })
    ])
  )
}

/** With the budget that the outermost middleware gives each request. */
const withinBudget = Effect.provideService(RequestInfo, {
  ...RequestInfo.defaultValue(),
  left: Timeouts.defaultValue().request
})

describe("the order of the steps", () => {
  it.effect("is token, claims, user, session", () =>
    Effect.gen(function* () {
      const taken: Array<string> = []
      const user = yield* authenticate("line").pipe(Effect.provide(steps(taken)))
      assert.deepStrictEqual(taken, ["BearerToken", "JwtVerifier", "Users", "Sessions"])
      assert.deepStrictEqual(
        { ...user, email: Redacted.value(user.email) },
        {
          userId: cast[0]!.userId,
          sessionId: cast[0]!.sessionId!,
          email: "ada@example.com",
          name: "ada",
          verification: { kind: "jwt", alg: "EdDSA" }
        }
      )
    })
  )

  it.effect.each<[Step, string, number]>([
    ["BearerToken", "InvalidToken", 1],
    ["JwtVerifier", "InvalidToken", 2],
    ["Users", "UserNotFound", 3],
    ["Sessions", "NoActiveSession", 4]
  ])("ends at %s when that fails", ([failing, tag, count]) =>
    Effect.gen(function* () {
      const taken: Array<string> = []
      const tagged = yield* tagOf("line").pipe(Effect.provide(steps(taken, failing)))
      assert.strictEqual(tagged, tag)
      assert.lengthOf(taken, count)
    })
  )
})

describe("Authenticator", () => {
  it.effect("accepts the signed-in user, and refuses a signed-out, unknown or banned one", () =>
    Effect.gen(function* () {
      const { namedSession, sessionId, userId, verification } = yield* authenticate(
        `Bearer ${yield* hs256("ada")}`
      )
      assert.isUndefined(namedSession)
      assert.deepStrictEqual([userId, sessionId], [cast[0]!.userId, cast[0]!.sessionId])
      assert.deepStrictEqual(verification, { kind: "hs256_jwt", alg: "HS256", issuer: origin })
      assert.strictEqual(yield* tagOf(`Bearer ${yield* hs256("asleep")}`), "NoActiveSession")
      assert.strictEqual(yield* tagOf(`Bearer ${yield* hs256("ghost")}`), "UserNotFound")
      assert.strictEqual(yield* tagOf(`Bearer ${yield* hs256("banned")}`), "InvalidToken")
      const moved = yield* hs256("asleep", { sub: "grace" })
      assert.strictEqual(yield* tagOf(`Bearer ${moved}`), "InvalidToken")
    }).pipe(Effect.provide(authenticatorOn()))
  )

  it.effect("refuses a token whose own session is gone, though its user has another", () =>
    Effect.gen(function* () {
      const own = yield* hs256("ada", { sid: "ada-session" })
      const user = yield* authenticate(`Bearer ${own}`)
      assert.deepStrictEqual([user.sessionId, user.namedSession], ["ada-session", "ada-session"])
      for (const named of [
        { sid: "grace-session" },
        { session: { id: "gone" } },
        { session: { token: "gone" } }
      ]) {
        const token = yield* hs256("ada", named)
        assert.strictEqual(yield* tagOf(`Bearer ${token}`), "NoActiveSession")
      }
    }).pipe(Effect.provide(authenticatorOn()))
  )

  it.effect("signs in by a signed session token when allowed, until its session is gone", () =>
    Effect.gen(function* () {
      const own = yield* Effect.promise(() => signSessionToken("ada-session-token"))
      const identities = Layer.succeed(Identities, {
        find: ({ email, sessionToken }) =>
          Effect.succeed(
            email === undefined &&
              sessionToken !== undefined &&
              Redacted.value(sessionToken) === "ada-session-token"
              ? cast[0]
              : undefined
          )
      })
      yield* Effect.gen(function* () {
        const user = yield* authenticate(`Bearer ${own}`)
        assert.deepStrictEqual([user.userId, user.namedSession], ["ada", cast[0]!.sessionId])
        const gone = yield* Effect.promise(() => signSessionToken("gone-session-token"))
        assert.strictEqual(yield* tagOf(`Bearer ${gone}`), "NoActiveSession")
      }).pipe(Effect.provide(authenticatorOn({ identities }, { sessionTokens: true })))
    })
  )

  it.effect("caches no session: signing out counts on the very next request", () =>
    Effect.gen(function* () {
      const identities = [...cast]
      const asked: Array<IdentityQuery> = []
      const line = `Bearer ${yield* hs256("ada")}`
      yield* Effect.gen(function* () {
        yield* authenticate(line)
        yield* authenticate(line)
        identities[0] = { ...identities[0]!, sessionId: undefined }
        assert.strictEqual(yield* tagOf(line), "NoActiveSession")
        identities.shift()
        assert.strictEqual(yield* tagOf(line), "UserNotFound")
        assert.lengthOf(asked, 4)
      }).pipe(Effect.provide(authenticatorOn({ identities: identitiesMemory(asked, identities) })))
    })
  )

  it.effect("looks nothing up for malformed, forged and expired credentials", () =>
    Effect.gen(function* () {
      const key = yield* Effect.promise(() => makeKey())
      const other = yield* Effect.promise(() => makeKey())
      const good = yield* hs256("ada")
      const asked: Array<IdentityQuery> = []
      yield* Effect.gen(function* () {
        for (const lines of [
          [],
          [""],
          [good],
          [`Basic ${good}`],
          [`Bearer ${good}`, `Bearer ${good}`],
          [`Bearer ${good}, Bearer ${good}`],
          [`Bearer ${good} `],
          [`Bearer ${good}x`],
          [`Bearer ${good}.`],
          [`Bearer ${"x".repeat(9000)}`],
          ["Bearer ada"],
          ["Bearer ada-token"],
          [`Bearer ${yield* Effect.promise(() => signSessionToken("b1AIG5VNkFgKMJfntAlV"))}`],
          [`Bearer ${yield* Effect.promise(() => signHs256(claims("ada"), {}, "wrong"))}`],
          [`Bearer ${yield* Effect.promise(() => sign(other, claims("ada")))}`],
          [`Bearer ${yield* Effect.promise(() => sign(key, claims("ada", { exp: -15 })))}`],
          [`Bearer ${yield* hs256("ada", { updateTo: "grace@example.com" })}`],
          [`Bearer ${yield* hs256("ada", { email: "a\u0000b@example.com" })}`],
          [`Bearer ${yield* hs256("ada", { sid: "\u0000" })}`]
        ]) {
          assert.strictEqual(yield* tagOf(...lines), "InvalidToken", lines.join().slice(0, 60))
        }
        assert.lengthOf(asked, 0)
      }).pipe(Effect.provide(authenticatorOn({ asked, keys: keysOf(key) })))
    })
  )

  it.effect("tells outages from refusals", () =>
    Effect.gen(function* () {
      const key = yield* Effect.promise(() => makeKey())
      const line = `Bearer ${yield* Effect.promise(() => sign(key, claims("ada")))}`
      const down = authenticatorOn({ keys: keysOf(key), identities: IdentitiesDown })
      assert.strictEqual(yield* tagOf(line).pipe(Effect.provide(down)), "DbUnavailable")
      const asked: Array<IdentityQuery> = []
      const keyless = authenticatorOn({ keys: KeysDown, asked })
      assert.strictEqual(yield* tagOf(line).pipe(Effect.provide(keyless)), "KeysUnavailable")
      assert.lengthOf(asked, 0)
      const both = authenticatorOn({ keys: KeysDown, identities: IdentitiesDown })
      for (const bad of ["Bearer x", "", `Bearer ${yield* hs256("ada", { exp: -15 })}`]) {
        assert.strictEqual(yield* tagOf(bad).pipe(Effect.provide(both)), "InvalidToken")
      }
    })
  )

  it.effect("calls it an outage when nothing is decided after 1.7 seconds", () =>
    Effect.gen(function* () {
      const key = yield* Effect.promise(() => makeKey())
      // `Identities` keeps its own time, unless something else has taken from it before.
      const { load } = yield* KeySource.pipe(Effect.provide(keysOf(key)))
      const keys = Layer.succeed(KeySource, { load: Effect.delay(load, 200) })
      const silent = Layer.succeed(Identities, { find: () => Effect.never })
      yield* Effect.gen(function* () {
        const line = `Bearer ${yield* Effect.promise(() => sign(key, claims("ada")))}`
        const waiting = yield* Effect.forkChild(withinBudget(tagOf(line)))
        yield* TestClock.adjust(1699)
        yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
        assert.isUndefined(waiting.pollUnsafe())
        yield* TestClock.adjust(1)
        assert.strictEqual(yield* Fiber.join(waiting), "DbUnavailable")
      }).pipe(Effect.provide(authenticatorOn({ keys, identities: silent })))
    })
  )

  it.effect("adds a slow key source and a slow database up to no more than that", () =>
    Effect.gen(function* () {
      const key = yield* Effect.promise(() => makeKey())
      const { load } = yield* KeySource.pipe(Effect.provide(keysOf(key)))
      const slowKeys = Layer.succeed(KeySource, { load: Effect.delay(load, 1400) })
      const slowIdentities = Layer.succeed(Identities, {
        find: () => Effect.delay(Effect.succeed(cast[0]), 1400)
      })
      yield* Effect.gen(function* () {
        const line = `Bearer ${yield* Effect.promise(() => sign(key, claims("ada")))}`
        const waiting = yield* Effect.forkChild(withinBudget(tagOf(line)))
        yield* TestClock.adjust(1700)
        assert.strictEqual(yield* Fiber.join(waiting), "DbUnavailable")
      }).pipe(Effect.provide(authenticatorOn({ keys: slowKeys, identities: slowIdentities })))
    })
  )
})
