/** Better Auth's users in anybody's own Effect `HttpApi`. */
import { Effect, Layer, Redacted } from "effect"
import type { Authentication } from "../api/Authentication.ts"
import { authentication, identityStorage } from "../App.ts"
import { AuthenticationHttp } from "../http/AuthenticationHttp.ts"
import { AuthenticationLog } from "../http/AuthenticationLog.ts"
import * as Pool from "../postgres/Pool.ts"
import { BadSettings, parse } from "../settings/Settings.ts"
import { LogBudget } from "../telemetry/LogBudget.ts"

export { Authentication } from "../api/Authentication.ts"
export { CurrentUser, type Verification } from "../auth/CurrentUser.ts"
export { InvalidToken, KeysUnavailable, NoActiveSession, UserNotFound } from "../auth/Errors.ts"
export { DbUnavailable } from "../core/Errors.ts"
export { SessionId, UserId } from "../core/User.ts"
export { BadSettings } from "../settings/Settings.ts"

/** The Better Auth app whose users are let in; everything but the database is optional. */
export interface BetterAuthOptions {
  /** Of the PostgreSQL database with Better Auth's tables, which are only read. */
  readonly databaseUrl: string | Redacted.Redacted
  /** The origin of the app, as in `iss`. */
  readonly issuer?: string
  readonly audience?: string
  /** For HS256 tokens that the app signs itself. */
  readonly secret?: string | Redacted.Redacted
  /** Better Auth's key endpoint, where its `jwks` table is not to be read. */
  readonly jwksUrl?: string
  /** The PostgreSQL schema of Better Auth's tables; `public` by default. */
  readonly schema?: string
}

const plain = (value: string | Redacted.Redacted) =>
  typeof value === "string" ? value : Redacted.value(value)

/**
 * The middleware `Authentication` for a Better Auth app. It answers 401, 404 or 503 itself and
 * gives each handler behind it the `CurrentUser`. Fails with `BadSettings` when an option cannot be
 * used.
 */
export const betterAuth = (options: BetterAuthOptions): Layer.Layer<Authentication, BadSettings> =>
  Layer.unwrap(
    Effect.suspend(() => {
      const { audience, databaseUrl, issuer, jwksUrl, schema, secret } = options
      const settings = parse({
        NODE_ENV: "production",
        DATABASE_URL: plain(databaseUrl),
        BETTER_AUTH_ISSUER: issuer,
        BETTER_AUTH_AUDIENCE: audience,
        BETTER_AUTH_SECRET: secret === undefined ? undefined : plain(secret),
        BETTER_AUTH_JWKS_URL: jwksUrl,
        BETTER_AUTH_SCHEMA: schema
      })
      if ("problems" in settings) return Effect.fail(new BadSettings(settings))
      const url = Redacted.make(plain(databaseUrl))
      const database = Pool.layer({ url, poolSize: settings.databasePoolSize })
      return Effect.succeed(
        AuthenticationHttp.pipe(
          Layer.provide(AuthenticationLog.layer),
          Layer.provide(authentication(settings)),
          Layer.provide(identityStorage(settings, database)),
          Layer.provide(LogBudget.layer),
          // The pool connects when it is first used.
          Layer.orDie
        )
      )
    })
  )
