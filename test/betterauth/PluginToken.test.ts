import { assert, describe, layer } from "@effect/vitest"
import { admin } from "better-auth/plugins"
import { Effect } from "effect"
import { decodeObject } from "../../src/auth/tokens/Jws.ts"
import { keyPairs, startBetterAuth } from "../support/betterauth/BetterAuth.ts"
import {
  accepted,
  databaseOnly,
  noActiveSession,
  refused,
  startTokenServer,
  TokenServers,
  userNotFound
} from "../support/betterauth/TokenServers.ts"

const headerOf = (token: string) => decodeObject(token.split(".")[0]!)!

/** A token that makes the server ask for keys again. */
const withUnknownKey = (token: string) => {
  const header = JSON.stringify({ ...headerOf(token), kid: "nobody-knows-it" })
  return token.replace(/^[^.]+/, Buffer.from(header).toString("base64url"))
}

layer(TokenServers.layer, { excludeTestServices: true })("a plugin JWT", (it) => {
  for (const keyPairConfig of keyPairs) {
    const { alg } = keyPairConfig
    const start = startBetterAuth({
      jwt: { jwks: { keyPairConfig } },
      user: { deleteUser: { enabled: true } }
    })

    describe(`signed with ${alg}`, () => {
      it.effect("is accepted by table and by endpoint, through a rotation", () =>
        Effect.gen(function* () {
          const { exec, signUp, token, url } = yield* start
          const endpoint = { BETTER_AUTH_JWKS_URL: `${url}/api/auth/jwks` }
          const expectations = { BETTER_AUTH_ISSUER: url, BETTER_AUTH_AUDIENCE: url }
          const doors = [
            yield* startTokenServer(databaseOnly),
            yield* startTokenServer({ ...endpoint, ...expectations })
          ]
          const ada = yield* signUp()
          const old = yield* token(ada)
          assert.strictEqual(headerOf(old)["alg"], alg)
          for (const present of doors) {
            assert.deepStrictEqual(yield* present(old), accepted(ada))
          }
          for (const env of [expectations, { ...databaseOnly, ...endpoint }]) {
            const present = yield* startTokenServer(env)
            assert.deepStrictEqual(yield* present(old), accepted(ada))
          }

          yield* exec(`update jwks set "expiresAt" = now() - interval '1 second'`)
          const fresh = yield* token(ada)
          assert.notStrictEqual(headerOf(fresh)["kid"], headerOf(old)["kid"])
          for (const present of doors) {
            assert.deepStrictEqual(yield* present(fresh), accepted(ada))
            assert.deepStrictEqual(yield* present(old), accepted(ada))
          }

          yield* exec(`update jwks set "expiresAt" = now() - interval '31 days'
            where "expiresAt" is not null`)
          for (const present of doors) {
            assert.deepStrictEqual(yield* present(withUnknownKey(old)), refused("key_unknown"))
            assert.deepStrictEqual(yield* present(old), refused("key_unknown"))
            assert.deepStrictEqual(yield* present(fresh), accepted(ada))
          }
        })
      )

      it.effect(
        "is refused once its user signed out, its session expired or its user was deleted",
        () =>
          Effect.gen(function* () {
            const { call, exec, signIn, signOut, signUp, token, url } = yield* start
            const present = yield* startTokenServer({ BETTER_AUTH_ISSUER: url })
            const ada = yield* signUp()
            const grace = yield* signUp("grace@example.com")
            const jwt = yield* token(ada)
            assert.deepStrictEqual(yield* present(jwt), accepted(ada))

            yield* signOut(ada)
            assert.deepStrictEqual(yield* present(jwt), noActiveSession(ada))

            const again = yield* signIn()
            assert.notStrictEqual(again.sessionId, ada.sessionId)
            assert.deepStrictEqual(yield* present(jwt), accepted(again))

            yield* exec(`update session set "expiresAt" = now() - interval '1 second'
            where "userId" = '${ada.userId}'`)
            assert.deepStrictEqual(yield* present(jwt), noActiveSession(ada))

            const last = yield* signIn()
            assert.deepStrictEqual(yield* present(jwt), accepted(last))

            yield* call("/delete-user", last, {})
            assert.deepStrictEqual(yield* present(jwt), userNotFound)
            assert.deepStrictEqual(yield* present(yield* token(grace)), accepted(grace))
          })
      )
    })
  }

  it.effect("is accepted whichever of the keys that racing first requests made signed it", () =>
    Effect.gen(function* () {
      const { signUp, token } = yield* startBetterAuth({
        jwt: { disableSettingJwtHeader: true, jwks: { keyPairConfig: { alg: "RS256" } } }
      })
      const present = yield* startTokenServer(databaseOnly)
      const ada = yield* signUp()
      const racing = Array.from({ length: 4 }, () => token(ada))
      const jwts = yield* Effect.all(racing, { concurrency: "unbounded" })
      assert.isAbove(new Set(jwts.map((jwt) => headerOf(jwt)["kid"])).size, 1)
      for (const jwt of jwts) assert.deepStrictEqual(yield* present(jwt), accepted(ada))
    })
  )

  it.effect("is refused for another issuer or audience than the server's", () =>
    Effect.gen(function* () {
      const { signUp, token, url } = yield* startBetterAuth()
      const jwt = yield* token(yield* signUp())
      const other = "https://other.example.com"
      for (const [env, reason] of [
        [{ BETTER_AUTH_ISSUER: other }, "issuer"],
        [{ BETTER_AUTH_ISSUER: url, BETTER_AUTH_AUDIENCE: other }, "audience"],
        [{ ...databaseOnly, BETTER_AUTH_AUDIENCE: other }, "audience"]
      ] as const) {
        const present = yield* startTokenServer(env)
        assert.deepStrictEqual(yield* present(jwt), refused(reason))
      }
    })
  )

  it.effect("for another audience, as an ID token is, is refused unless that audience is set", () =>
    Effect.gen(function* () {
      const { signUp, token, url } = yield* startBetterAuth({
        jwt: { jwt: { definePayload: ({ user }) => ({ ...user, aud: "third-party-app" }) } }
      })
      const ada = yield* signUp()
      const jwt = yield* token(ada)
      for (const env of [databaseOnly, { BETTER_AUTH_ISSUER: url }]) {
        const present = yield* startTokenServer(env)
        assert.deepStrictEqual(yield* present(jwt), refused("audience"))
      }
      const present = yield* startTokenServer({
        BETTER_AUTH_AUDIENCE: "third-party-app",
        BETTER_AUTH_ISSUER: url
      })
      assert.deepStrictEqual(yield* present(jwt), accepted(ada))
    })
  )

  it.effect("is refused without an e-mail, or with a subject that is not the user's id", () =>
    Effect.gen(function* () {
      let payload: (user: Record<string, unknown>) => Record<string, unknown> = (user) => user
      let subject = (user: Record<string, string>) => user["id"]!
      const { signUp, token, url } = yield* startBetterAuth({
        jwt: {
          jwt: {
            definePayload: ({ user }) => payload(user),
            getSubject: ({ user }) => subject(user as never)
          }
        }
      })
      const ada = yield* signUp()
      const present = yield* startTokenServer({ BETTER_AUTH_ISSUER: url })
      assert.deepStrictEqual(yield* present(yield* token(ada)), accepted(ada))

      payload = ({ id }) => ({ id })
      assert.deepStrictEqual(yield* present(yield* token(ada)), refused("email_missing"))

      payload = ({ email }) => ({ email })
      assert.deepStrictEqual(yield* present(yield* token(ada)), accepted(ada))
      subject = (user) => user["email"]!
      assert.deepStrictEqual(yield* present(yield* token(ada)), refused("subject_mismatch", ada))
    })
  )

  it.effect("is refused for its user's former address, whoever has it now", () =>
    Effect.gen(function* () {
      const { call, exec, signUp, token, url } = yield* startBetterAuth({
        user: {
          changeEmail: { enabled: true, updateEmailWithoutVerification: true },
          deleteUser: { enabled: true }
        }
      })
      const present = yield* startTokenServer({ BETTER_AUTH_ISSUER: url })
      const ada = yield* signUp()
      const jwt = yield* token(ada)
      assert.deepStrictEqual(yield* present(jwt), accepted(ada))

      yield* call("/change-email", ada, { newEmail: "countess@example.com" })
      assert.deepStrictEqual(yield* present(jwt), userNotFound)
      const moved = yield* token(ada)
      assert.deepStrictEqual(yield* present(moved), accepted(ada))

      const heir = yield* signUp()
      assert.deepStrictEqual(yield* present(jwt), refused("subject_mismatch", heir))
      assert.deepStrictEqual(yield* present(yield* token(heir)), accepted(heir))

      yield* call("/delete-user", ada, {})
      assert.deepStrictEqual(yield* present(moved), userNotFound)
      const stranger = yield* signUp("countess@example.com")
      assert.deepStrictEqual(yield* present(moved), refused("subject_mismatch", stranger))

      yield* exec(`delete from "user" where id = '${stranger.userId}'`)
      assert.deepStrictEqual(yield* present(moved), userNotFound)
    })
  )

  it.effect("is refused while its user is banned", () =>
    Effect.gen(function* () {
      const { call, exec, signIn, signUp, token, url } = yield* startBetterAuth({
        plugins: [admin()]
      })
      const present = yield* startTokenServer({ BETTER_AUTH_ISSUER: url })
      const ada = yield* signUp()
      const grace = yield* signUp("grace@example.com")
      yield* exec(`update "user" set role = 'admin' where id = '${grace.userId}'`)
      const jwt = yield* token(ada)
      assert.deepStrictEqual(yield* present(jwt), accepted(ada))

      yield* call("/admin/ban-user", grace, { userId: ada.userId })
      assert.deepStrictEqual(yield* present(jwt), refused("banned", ada))
      yield* call("/admin/unban-user", grace, { userId: ada.userId })
      assert.deepStrictEqual(yield* present(jwt), noActiveSession(ada))

      const back = yield* signIn()
      const ban = (until: string) =>
        exec(`update "user" set banned = true, "banExpires" = ${until} where id = '${ada.userId}'`)
      yield* ban("now() + interval '1 hour'")
      assert.deepStrictEqual(yield* present(jwt), refused("banned", ada))
      yield* ban("now() - interval '1 second'")
      assert.deepStrictEqual(yield* present(jwt), accepted(back))
      yield* ban("null")
      assert.deepStrictEqual(yield* present(jwt), refused("banned", ada))
    })
  )
})
