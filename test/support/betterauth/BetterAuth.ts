import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { assert } from "@effect/vitest"
import { betterAuth, type BetterAuthOptions } from "better-auth"
import { getMigrations } from "better-auth/db/migration"
import { toNodeHandler } from "better-auth/node"
import { bearer, jwt, type JwtOptions } from "better-auth/plugins"
import { Effect } from "effect"
import { TestDatabase } from "../Database.ts"
import { request } from "../Client.ts"
import { secret } from "../Tokens.ts"

/** The algorithms of the `jwt` plugin that its users choose among. */
export const keyPairs = [{ alg: "EdDSA" }, { alg: "ES256" }, { alg: "RS256" }] as const

/** Somebody who has just signed in: one session, and all that Better Auth gave out for it. */
export interface SignedIn {
  readonly email: string
  readonly userId: string
  readonly sessionId: string
  /** The session row's own token. */
  readonly sessionToken: string
  /** The bearer plugin's `set-auth-token`. */
  readonly signedToken: string
  /** The cookies that a browser would send back. */
  readonly cookie: string
  /** The cookie cache, where it is on. */
  readonly sessionData: string | undefined
}

/** A browser has the cookies, any other client the token. */
type Credentials = Pick<SignedIn, "signedToken"> | Pick<SignedIn, "cookie">

/**
 * The real Better Auth, migrated by itself into an emptied database and listening on a loopback
 * address until the scope ends.
 */
export const startBetterAuth = (
  options: BetterAuthOptions & {
    readonly jwt?: JwtOptions
    readonly schemaName?: string
  } = {}
) =>
  Effect.gen(function* () {
    const { jwt: jwtOptions, plugins = [], schemaName, ...rest } = options
    const { dialect, exec } = yield* TestDatabase
    yield* exec(`drop schema public cascade; create schema public`)

    const server = http.createServer()
    yield* Effect.acquireRelease(
      Effect.callback<void>((resume) => {
        server.listen(0, "127.0.0.1", () => resume(Effect.void))
      }),
      () => Effect.callback<void>((resume) => void server.close(() => resume(Effect.void)))
    )
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const settings: BetterAuthOptions = {
      baseURL: url,
      secret,
      database: { dialect, type: "postgres", ...(schemaName ? { schemaName } : {}) },
      // Hashing slowly is right for passwords and wrong for tests.
      emailAndPassword: {
        enabled: true,
        password: {
          hash: (password) => Promise.resolve(password),
          verify: ({ hash, password }) => Promise.resolve(hash === password)
        }
      },
      rateLimit: { enabled: false },
      telemetry: { enabled: false },
      logger: { disabled: true },
      ...rest,
      plugins: [jwt(jwtOptions), bearer(), ...plugins]
    }
    yield* Effect.promise(async () => (await getMigrations(settings)).runMigrations())
    const handle = toNodeHandler(betterAuth(settings))
    server.on("request", (request, response) => void handle(request, response))

    /** One call of its HTTP interface; whatever is not 200 fails the test. */
    const call = (path: string, as?: Credentials, body?: unknown) =>
      request(url, {
        path: `/api/auth${path}`,
        method: body === undefined ? "GET" : "POST",
        headers: {
          origin: url,
          ...(as === undefined
            ? {}
            : "signedToken" in as
              ? { authorization: `Bearer ${as.signedToken}` }
              : { cookie: as.cookie })
        },
        body
      }).pipe(
        Effect.map(({ body, headers, status }) => {
          assert.strictEqual(status, 200, `${path}: ${body}`)
          return { headers, body: JSON.parse(body) as Record<string, unknown> }
        })
      )

    const enter = (path: string, email: string) =>
      Effect.gen(function* () {
        const { body, headers } = yield* call(path, undefined, {
          email,
          name: email.split("@")[0],
          password: "correct horse battery staple"
        })
        const cookies = (headers["set-cookie"] ?? []).map((line) => line.split(";", 1)[0]!)
        const cookieOf = (name: string) =>
          cookies.find((cookie) => cookie.startsWith(`${name}=`))?.slice(name.length + 1)
        const entered = {
          email,
          sessionToken: body["token"] as string,
          signedToken: headers["set-auth-token"] as string,
          cookie: cookies.join("; "),
          sessionData: cookieOf("better-auth.session_data")
        }
        const seen = yield* call("/get-session", entered)
        const { session, user } = seen.body as Record<string, { id: string }>
        const signedIn: SignedIn = { ...entered, userId: user!.id, sessionId: session!.id }
        return signedIn
      })

    return {
      url,
      exec,
      call,
      signUp: (email = "ada@example.com") => enter("/sign-up/email", email),
      signIn: (email = "ada@example.com") => enter("/sign-in/email", email),
      signOut: (person: SignedIn) => call("/sign-out", person, {}),
      /** A plugin JWT, as `authClient.token()` gets it. */
      token: (as: Credentials) =>
        Effect.map(call("/token", as), ({ body }) => body["token"] as string)
    }
  })
