import { assert, describe, layer } from "@effect/vitest"
import { createEmailVerificationToken } from "better-auth/api"
import { Effect } from "effect"
import { decodeObject, shapeOf } from "../../src/auth/tokens/Jws.ts"
import { secret } from "../support/Tokens.ts"
import { startBetterAuth } from "../support/betterauth/BetterAuth.ts"
import {
  accepted,
  noActiveSession,
  refused,
  startTokenServer,
  TokenServers
} from "../support/betterauth/TokenServers.ts"

const cached = (strategy: "compact" | "jwt" | "jwe") => ({
  session: { cookieCache: { enabled: true, strategy } }
})

const withoutIssuer = { BETTER_AUTH_ISSUER: undefined }

const claimsOf = (token: string) => decodeObject(token.split(".")[1]!)!

/** Better Auth with a postman who keeps the tokens, the newest last. */
const withMail = Effect.gen(function* () {
  const mailed: Array<string> = []
  const keep = ({ token }: { readonly token: string }) => {
    mailed.push(token)
    return Promise.resolve()
  }
  const better = yield* startBetterAuth({
    emailVerification: { sendOnSignUp: true, sendVerificationEmail: keep },
    user: { changeEmail: { enabled: true, sendChangeEmailConfirmation: keep } }
  })
  return { ...better, mailed }
})

layer(TokenServers.layer, { excludeTestServices: true })("other tokens of Better Auth", (it) => {
  describe("session tokens", () => {
    it.effect("are refused unless they are enabled, and unsigned ones always", () =>
      Effect.gen(function* () {
        const { signUp } = yield* startBetterAuth()
        const ada = yield* signUp()
        assert.isTrue(ada.signedToken.startsWith(`${ada.sessionToken}.`))

        const closed = yield* startTokenServer({})
        assert.deepStrictEqual(yield* closed(ada.signedToken), refused("session_token"))

        const open = yield* startTokenServer({ BETTER_AUTH_SESSION_TOKENS: "signed" })
        const encoded = encodeURIComponent(ada.signedToken)
        assert.notStrictEqual(encoded, ada.signedToken)
        for (const signed of [ada.signedToken, encoded]) {
          assert.deepStrictEqual(yield* open(signed), accepted(ada, "session_token"))
        }
        for (const present of [closed, open]) {
          assert.deepStrictEqual(yield* present(ada.sessionToken), refused("opaque_token"))
          assert.deepStrictEqual(yield* present(ada.userId), refused("opaque_token"))
          assert.deepStrictEqual(yield* present(ada.sessionId), refused("opaque_token"))
        }
      })
    )

    it.effect("end with their own session, while another one of the same person lives", () =>
      Effect.gen(function* () {
        const { call, exec, signIn, signOut, signUp } = yield* startBetterAuth({
          user: { deleteUser: { enabled: true } }
        })
        const present = yield* startTokenServer({ BETTER_AUTH_SESSION_TOKENS: "signed" })
        const phone = yield* signUp()
        const laptop = yield* signIn()
        const tablet = yield* signIn()
        for (const device of [phone, laptop, tablet]) {
          assert.deepStrictEqual(
            yield* present(device.signedToken),
            accepted(device, "session_token")
          )
        }

        yield* signOut(phone)
        assert.deepStrictEqual(yield* present(phone.signedToken), noActiveSession())
        yield* exec(`update session set "expiresAt" = now() - interval '1 second'
        where id = '${tablet.sessionId}'`)
        assert.deepStrictEqual(yield* present(tablet.signedToken), noActiveSession(tablet))
        assert.deepStrictEqual(
          yield* present(laptop.signedToken),
          accepted(laptop, "session_token")
        )

        yield* call("/delete-user", laptop, {})
        assert.deepStrictEqual(yield* present(laptop.signedToken), noActiveSession())
      })
    )

    it.effect("are refused when they are signed with another secret", () =>
      Effect.gen(function* () {
        const { signUp } = yield* startBetterAuth({ secret: "another-secret".repeat(4) })
        const ada = yield* signUp()
        const present = yield* startTokenServer({ BETTER_AUTH_SESSION_TOKENS: "signed" })
        assert.deepStrictEqual(yield* present(ada.signedToken), refused("signature"))
      })
    )
  })

  describe("the cookie cache", () => {
    it.effect("is accepted as a JWT for its own session, as long as that one lives", () =>
      Effect.gen(function* () {
        const { exec, signIn, signOut, signUp } = yield* startBetterAuth(cached("jwt"))
        const present = yield* startTokenServer(withoutIssuer)
        const phone = yield* signUp()
        const laptop = yield* signIn()
        const tablet = yield* signIn()
        for (const device of [phone, laptop, tablet]) {
          assert.deepStrictEqual(
            yield* present(device.sessionData!),
            accepted(device, "session_cookie")
          )
        }

        yield* signOut(phone)
        assert.deepStrictEqual(yield* present(phone.sessionData!), noActiveSession(phone))
        yield* exec(`update session set "expiresAt" = now() - interval '1 second'
        where id = '${tablet.sessionId}'`)
        assert.deepStrictEqual(yield* present(tablet.sessionData!), noActiveSession(tablet))
        assert.deepStrictEqual(
          yield* present(laptop.sessionData!),
          accepted(laptop, "session_cookie")
        )
      })
    )

    it.effect("is refused as a JWT with an issuer, with an audience, and without the secret", () =>
      Effect.gen(function* () {
        const { signUp, url } = yield* startBetterAuth(cached("jwt"))
        const { sessionData } = yield* signUp()
        for (const [env, reason] of [
          [{ BETTER_AUTH_ISSUER: url }, "session_cookie_with_issuer"],
          [{ ...withoutIssuer, BETTER_AUTH_AUDIENCE: url }, "audience"],
          [{ ...withoutIssuer, BETTER_AUTH_SECRET: undefined }, "secret_missing"]
        ] as const) {
          const present = yield* startTokenServer(env)
          assert.deepStrictEqual(yield* present(sessionData!), refused(reason))
        }
      })
    )

    it.effect("is refused in its other forms", () =>
      Effect.gen(function* () {
        const cookieOf = (options: Parameters<typeof startBetterAuth>[0]) =>
          startBetterAuth(options).pipe(
            Effect.flatMap(({ signUp }) => signUp()),
            Effect.map(({ sessionData }) => sessionData!),
            Effect.scoped
          )
        const compact = yield* cookieOf(cached("compact"))
        const jwe = yield* cookieOf(cached("jwe"))
        const byPluginKey = yield* cookieOf({ ...cached("jwt"), jwt: { sessionCookieCache: true } })
        assert.deepStrictEqual([compact, jwe, byPluginKey].map(shapeOf), [
          "opaque_token",
          "encrypted_token",
          "malformed_token"
        ])

        const present = yield* startTokenServer(withoutIssuer)
        assert.deepStrictEqual(yield* present(compact), refused("opaque_token"))
        assert.deepStrictEqual(yield* present(jwe), refused("encrypted_token"))
        assert.deepStrictEqual(yield* present(byPluginKey), refused("header_not_allowed"))
      })
    )

    it.effect("makes Better Auth mint JWTs for a session that is gone, which are refused", () =>
      Effect.gen(function* () {
        const { exec, signUp, token, url } = yield* startBetterAuth(cached("jwt"))
        const present = yield* startTokenServer({ BETTER_AUTH_ISSUER: url })
        const ada = yield* signUp()
        const browser = { cookie: ada.cookie }
        assert.deepStrictEqual(yield* present(yield* token(browser)), accepted(ada))

        yield* exec(`delete from session`)
        assert.deepStrictEqual(yield* present(yield* token(browser)), noActiveSession(ada))
      })
    )
  })

  describe("a token out of a mail", () => {
    it.effect("is refused with and without an issuer", () =>
      Effect.gen(function* () {
        const { call, mailed, signUp, token, url } = yield* withMail
        const ada = yield* signUp()
        yield* call(`/verify-email?token=${mailed[0]}`)
        yield* call("/change-email", ada, { newEmail: "countess@example.com" })
        yield* call(`/verify-email?token=${mailed[1]}`)

        assert.deepStrictEqual(
          mailed.map((mail) => {
            const { exp, iat, ...claims } = claimsOf(mail)
            assert.isNumber(exp)
            assert.isNumber(iat)
            return claims
          }),
          [
            { email: ada.email, userId: ada.userId },
            ...["change-email-confirmation", "change-email-verification"].map((requestType) => ({
              email: ada.email,
              updateTo: "countess@example.com",
              requestType,
              userId: ada.userId
            }))
          ]
        )
        for (const issuer of [undefined, url]) {
          const present = yield* startTokenServer({ BETTER_AUTH_ISSUER: issuer })
          for (const mail of mailed) {
            assert.deepStrictEqual(yield* present(mail), refused("mailed_token"))
          }
          assert.deepStrictEqual(yield* present(yield* token(ada)), accepted(ada))
        }
      })
    )

    it.effect("is refused for its issuer in the form of versions up to 1.7.14", () =>
      Effect.gen(function* () {
        const { signUp, url } = yield* startBetterAuth()
        const ada = yield* signUp()
        const mail = yield* Effect.promise(() => createEmailVerificationToken(secret, ada.email))
        assert.deepStrictEqual(Object.keys(claimsOf(mail)).sort(), ["email", "exp", "iat"])
        const present = yield* startTokenServer({ BETTER_AUTH_ISSUER: url })
        assert.deepStrictEqual(yield* present(mail), refused("issuer"))
      })
    )
  })
})
