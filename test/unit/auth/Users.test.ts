import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import type { Identity, IdentityQuery, Identities } from "../../../src/auth/Identities.ts"
import type { Claims } from "../../../src/auth/tokens/Claims.ts"
import type { Verification } from "../../../src/auth/CurrentUser.ts"
import { Users } from "../../../src/auth/Users.ts"
import { SessionId, UserId } from "../../../src/core/User.ts"
import { cast, IdentitiesDown, identitiesMemory } from "../../support/Doubles.ts"

const claimsOf = (
  person: string,
  overrides: Partial<Claims> = {},
  kind: Verification["kind"] = "jwt"
): Claims => ({
  verification: { kind, alg: kind === "jwt" ? "EdDSA" : "HS256" },
  email: Redacted.make(`${person}@example.com`),
  subject: person,
  sessionId: undefined,
  sessionToken: undefined,
  ...overrides
})

const find = (claims: Claims, identities: Layer.Layer<Identities>) =>
  Effect.flatMap(Users, (users) => users.find(claims)).pipe(
    Effect.provide(Users.layer.pipe(Layer.provide(identities)))
  )

const failureOf = (claims: Claims, identities = identitiesMemory()) =>
  Effect.map(Effect.flip(find(claims, identities)), (error) => ({ ...error }))

describe("Users", () => {
  it.effect("finds the user and session the claims are about, with one question", () =>
    Effect.gen(function* () {
      const asked: Array<IdentityQuery> = []
      const identity = yield* find(claimsOf("ada"), identitiesMemory(asked))
      assert.deepStrictEqual(identity, cast[0])
      assert.lengthOf(asked, 1)
    })
  )

  it.effect("asks with exactly what the claims name", () =>
    Effect.gen(function* () {
      const asked: Array<IdentityQuery> = []
      const named = {
        sessionId: SessionId.make("ada-session"),
        sessionToken: Redacted.make("ada-token")
      }
      yield* find(claimsOf("ada", named), identitiesMemory(asked))
      assert.strictEqual(asked[0]?.sessionId, "ada-session")
      assert.strictEqual(asked[0]?.email && Redacted.value(asked[0].email), "ada@example.com")
      assert.strictEqual(
        asked[0]?.sessionToken && Redacted.value(asked[0].sessionToken),
        "ada-token"
      )
    })
  )

  it.effect("returns a signed-out user without a session", () =>
    Effect.gen(function* () {
      const identity = yield* find(claimsOf("asleep"), identitiesMemory())
      assert.isUndefined(identity.sessionId)
      const named = { sessionId: SessionId.make("another") }
      assert.isUndefined((yield* find(claimsOf("ada", named), identitiesMemory())).sessionId)
    })
  )

  it.effect("does not find an address without a row", () =>
    Effect.gen(function* () {
      assert.deepInclude(yield* failureOf(claimsOf("ghost")), { _tag: "UserNotFound" })
      const everything = claimsOf("ghost", { sessionToken: Redacted.make("ada-token") })
      assert.deepInclude(yield* failureOf(everything), { _tag: "UserNotFound" })
    })
  )

  it.effect("calls a session token without a session signed out, for it names no address", () =>
    Effect.gen(function* () {
      const gone = { email: undefined, subject: undefined, sessionToken: Redacted.make("gone") }
      const failure = yield* failureOf(claimsOf("ada", gone, "session_token"))
      assert.deepInclude(failure, { _tag: "NoActiveSession" })
    })
  )

  it.effect("finds the user of a session token through its session", () =>
    Effect.gen(function* () {
      const token = {
        email: undefined,
        subject: undefined,
        sessionToken: Redacted.make("ada-token")
      }
      const { userId } = yield* find(claimsOf("", token, "session_token"), identitiesMemory())
      assert.strictEqual(userId, "ada")
    })
  )

  it.effect("refuses a token whose subject is another user", () =>
    Effect.gen(function* () {
      for (const subject of ["grace", "Ada", "ada ", "", "ada@example.com"]) {
        assert.deepInclude(yield* failureOf(claimsOf("ada", { subject })), {
          _tag: "InvalidToken",
          reason: "subject_mismatch",
          userId: UserId.make("ada")
        })
      }
    })
  )

  it.effect("takes the address itself for a subject from an application's own token only", () =>
    Effect.gen(function* () {
      const subject = "ada@example.com"
      const identity = yield* find(claimsOf("ada", { subject }, "hs256_jwt"), identitiesMemory())
      assert.strictEqual(identity.userId, "ada")
      for (const kind of ["jwt", "session_cookie", "session_token"] as const) {
        const failure = yield* failureOf(claimsOf("ada", { subject }, kind))
        assert.deepInclude(failure, { reason: "subject_mismatch" })
      }
      const other = claimsOf("ada", { subject: "grace@example.com" }, "hs256_jwt")
      assert.deepInclude(yield* failureOf(other), { reason: "subject_mismatch" })
    })
  )

  it.effect("lets an application's own token do without a subject", () =>
    Effect.gen(function* () {
      const claims = claimsOf("ada", { subject: undefined }, "hs256_jwt")
      assert.strictEqual((yield* find(claims, identitiesMemory())).userId, "ada")
    })
  )

  it.effect("compares ids as text, whatever the column's type", () =>
    Effect.gen(function* () {
      const one: Identity = { ...cast[0]!, userId: UserId.make("1") }
      const identities = identitiesMemory([], [one])
      assert.strictEqual((yield* find(claimsOf("ada", { subject: "1" }), identities)).userId, "1")
      for (const subject of ["01", "1.0", "+1", "１"]) {
        const failure = yield* failureOf(claimsOf("ada", { subject }), identities)
        assert.deepInclude(failure, { reason: "subject_mismatch" })
      }
    })
  )

  it.effect("refuses the banned, but tells a stranger's token nothing about a ban", () =>
    Effect.gen(function* () {
      assert.deepInclude(yield* failureOf(claimsOf("banned")), {
        _tag: "InvalidToken",
        reason: "banned",
        userId: UserId.make("banned")
      })
      const stranger = claimsOf("banned", { subject: "grace" })
      assert.deepInclude(yield* failureOf(stranger), { reason: "subject_mismatch" })
    })
  )

  it.effect("passes an outage on", () =>
    Effect.gen(function* () {
      const failure = yield* failureOf(claimsOf("ada"), IdentitiesDown)
      assert.deepInclude(failure, { _tag: "DbUnavailable" })
    })
  )
})
