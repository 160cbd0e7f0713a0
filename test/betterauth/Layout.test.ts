import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { TestDatabase } from "../support/Database.ts"
import { startBetterAuth } from "../support/betterauth/BetterAuth.ts"
import {
  accepted,
  noActiveSession,
  startTokenServer,
  TokenServers,
  userNotFound
} from "../support/betterauth/TokenServers.ts"

/** The whole way with one layout of the tables: every kind of token, sign-out, deletion. */
const worksWith = (
  options: Parameters<typeof startBetterAuth>[0],
  env: Record<string, string | undefined> = {},
  look: (person: { readonly userId: string; readonly sessionId: string }) => void = () => undefined
) =>
  Effect.gen(function* () {
    const { call, signIn, signOut, signUp, token } = yield* startBetterAuth({
      ...options,
      session: { cookieCache: { enabled: true, strategy: "jwt" }, ...options?.session },
      user: { deleteUser: { enabled: true }, ...options?.user }
    })
    const present = yield* startTokenServer({
      BETTER_AUTH_ISSUER: undefined,
      BETTER_AUTH_SESSION_TOKENS: "signed",
      ...env
    })
    yield* signUp("grace@example.com")
    const ada = yield* signUp()
    look(ada)
    const jwt = yield* token(ada)
    assert.deepStrictEqual(yield* present(jwt), accepted(ada))
    assert.deepStrictEqual(yield* present(ada.signedToken), accepted(ada, "session_token"))
    assert.deepStrictEqual(yield* present(ada.sessionData!), accepted(ada, "session_cookie"))

    yield* signOut(ada)
    assert.deepStrictEqual(yield* present(jwt), noActiveSession(ada))
    assert.deepStrictEqual(yield* present(ada.signedToken), noActiveSession())
    assert.deepStrictEqual(yield* present(ada.sessionData!), noActiveSession(ada))

    const again = yield* signIn()
    assert.deepStrictEqual(yield* present(jwt), accepted(again))
    yield* call("/delete-user", again, {})
    assert.deepStrictEqual(yield* present(jwt), userNotFound)
  })

layer(TokenServers.layer, { excludeTestServices: true })("Better Auth's tables", (it) => {
  it.effect("work with uuid ids", () =>
    worksWith({ advanced: { database: { generateId: "uuid" } } }, {}, ({ sessionId, userId }) => {
      for (const id of [userId, sessionId]) assert.match(id, /^[0-9a-f-]{36}$/)
    })
  )

  it.effect("work with serial ids, which are handed on as text", () =>
    worksWith({ advanced: { database: { generateId: "serial" } } }, {}, (ada) => {
      assert.deepStrictEqual([ada.userId, ada.sessionId], ["2", "2"])
    })
  )

  it.effect("work in the plural and in snake_case", () =>
    Effect.gen(function* () {
      const timestamps = { createdAt: "created_at", updatedAt: "updated_at" }
      yield* worksWith({
        user: { modelName: "users", fields: { emailVerified: "email_verified", ...timestamps } },
        session: {
          modelName: "sessions",
          fields: {
            expiresAt: "expires_at",
            userId: "user_id",
            ipAddress: "ip_address",
            userAgent: "user_agent",
            ...timestamps
          }
        },
        jwt: {
          schema: {
            jwks: {
              modelName: "jwkss",
              fields: {
                publicKey: "public_key",
                privateKey: "private_key",
                createdAt: "created_at",
                expiresAt: "expires_at"
              }
            }
          }
        }
      })
      const { exec } = yield* TestDatabase
      const columns = yield* exec(`select table_name || '.' || column_name as name
        from information_schema.columns where table_schema = 'public'
        and column_name in ('user_id', 'expires_at', 'public_key') order by 1`)
      assert.deepStrictEqual(
        columns.map(({ name }) => name),
        ["jwkss.expires_at", "jwkss.public_key", "sessions.expires_at", "sessions.user_id"]
      )
    })
  )

  it.effect("work in a schema of their own", () =>
    worksWith({ schemaName: "auth" }, { BETTER_AUTH_SCHEMA: "auth" })
  )
})
