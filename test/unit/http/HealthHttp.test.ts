import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Redacted, Schedule } from "effect"
import * as Database from "../../../src/postgres/Pool.ts"
import { betterAuthTables, people } from "../../support/BetterAuthSchema.ts"
import { TestDatabase } from "../../support/Database.ts"
import { type Answer, ask, get, request } from "../../support/Client.ts"
import { start } from "../../support/Server.ts"
import { origin, pluginClaims, signHs256 } from "../../support/Tokens.ts"
import { ServerOnDoubles, tokenFor } from "../../support/http/ServerOnDoubles.ts"

/** The list in the body of `/readyz`. */
const missingOf = ({ body, headers, status }: Answer): string => {
  assert.strictEqual(status, 503)
  assert.strictEqual(headers["retry-after"], "2")
  const parsed = JSON.parse(body) as Record<string, unknown>
  assert.deepStrictEqual(Object.keys(parsed), ["error", "status"])
  assert.strictEqual(parsed["status"], 503)
  assert.match(String(parsed["error"]), /^Not ready: /)
  return String(parsed["error"])
}

const assertAlive = (url: string) =>
  Effect.gen(function* () {
    const health = yield* get(url, "/support/health")
    assert.deepStrictEqual([health.status, health.body], [200, `{"status":"healthy"}`])
    const alive = yield* get(url, "/healthz")
    assert.deepStrictEqual([alive.status, alive.body], [200, `{"status":"alive"}`])
  })

const adasToken = Effect.promise(() => signHs256(pluginClaims("ada")))

layer(TestDatabase.layer, { excludeTestServices: true })("health on a database", (it) => {
  it.effect(
    "names the missing tables, answers 503 meanwhile, and is ready once they are there",
    () =>
      Effect.gen(function* () {
        const { client, exec } = yield* TestDatabase
        const { logs, url } = yield* start(client)
        yield* assertAlive(url)

        const missing = missingOf(yield* get(url, "/readyz"))
        assert.include(missing, `table "user" is not in schema "public"`)
        assert.include(missing, `table "session" is not in schema "public"`)
        assert.include(missing, "npx auth@latest migrate")
        const token = yield* adasToken
        const meanwhile = yield* ask(url, token)
        assert.deepStrictEqual(
          [meanwhile.status, meanwhile.body],
          [503, `{"error":"Service temporarily unavailable","status":503}`]
        )
        assert.include(logs.join("\n"), `table \\"user\\" is not in schema`)

        yield* exec(betterAuthTables + people)
        const ready = yield* get(url, "/readyz").pipe(
          Effect.filterOrFail(({ status }) => status === 200),
          Effect.retry({ schedule: Schedule.spaced("100 millis"), times: 100 })
        )
        assert.strictEqual(ready.body, `{"status":"ready"}`)
        const healed = yield* ask(url, token)
        assert.strictEqual(healed.status, 200)
      }).pipe(Effect.scoped)
  )

  it.effect("names a column that is missing", () =>
    Effect.gen(function* () {
      const { client, exec } = yield* TestDatabase
      yield* exec(
        `create schema half; create table half."user" (id text, email text); create table half.session (id text, token text, "userId" text);`
      )
      const { url } = yield* start(client, { BETTER_AUTH_SCHEMA: "half" })
      assert.include(
        missingOf(yield* get(url, "/readyz")),
        `table "session" in schema "half" lacks expiresAt`
      )
    }).pipe(Effect.scoped)
  )

  it.effect("needs the jwks table only while nothing else can verify a token", () =>
    Effect.gen(function* () {
      const { client, exec } = yield* TestDatabase
      yield* exec(
        `create schema keyless; create table keyless."user" (id text, email text); create table keyless.session (id text, token text, "userId" text, "expiresAt" timestamptz);`
      )
      const env = { BETTER_AUTH_SCHEMA: "keyless" }
      const { url } = yield* start(client, { ...env, BETTER_AUTH_SECRET: undefined })
      const missing = missingOf(yield* get(url, "/readyz"))
      assert.include(missing, `table "jwks" is not in schema "keyless"`)
      assert.include(missing, "no verification keys can be loaded")
    }).pipe(Effect.scoped)
  )

  it.effect("says that keys are out of reach, and not where they would be", () =>
    Effect.gen(function* () {
      const { client, exec } = yield* TestDatabase
      yield* exec(
        `create schema remote; create table remote."user" (id text, email text); create table remote.session (id text, token text, "userId" text, "expiresAt" timestamptz);`
      )
      const { url } = yield* start(client, {
        BETTER_AUTH_SCHEMA: "remote",
        BETTER_AUTH_JWKS_URL: "http://127.0.0.1:1/api/auth/jwks?key=hunter3"
      })
      const missing = missingOf(yield* get(url, "/readyz"))
      assert.strictEqual(missing, "Not ready: no verification keys can be loaded")
    }).pipe(Effect.scoped)
  )
})

describe("health", () => {
  it.live("without a database says so, without its host, user or password", () =>
    Effect.gen(function* () {
      const url = "postgres://joe:hunter2@127.0.0.1:1/shopdb"
      const database = Database.layer({ url: Redacted.make(url), poolSize: 2 })
      const running = yield* start(database, { DATABASE_URL: url })
      yield* assertAlive(running.url)

      const missing = missingOf(yield* get(running.url, "/readyz"))
      assert.include(missing, "the database cannot be used: nothing listens")
      for (const secret of ["hunter2", "joe", "127.0.0.1", "shopdb", "ECONNREFUSED"]) {
        assert.notInclude(missing, secret)
      }
      const refused = yield* ask(running.url, yield* adasToken)
      assert.deepStrictEqual(
        [refused.status, refused.body, refused.headers["retry-after"]],
        [503, `{"error":"Service temporarily unavailable","status":503}`, "2"]
      )
      assert.notInclude(running.logs.join("\n"), "hunter2")
    }).pipe(Effect.scoped)
  )

  it.live("while draining is not ready and takes no work, but the process is alive", () =>
    Effect.gen(function* () {
      const { draining, url } = yield* ServerOnDoubles
      const ready = yield* get(url, "/readyz")
      assert.deepStrictEqual([ready.status, ready.body], [200, `{"status":"ready"}`])

      yield* draining.begin
      assert.strictEqual(missingOf(yield* get(url, "/readyz")), "Not ready: shutting down")
      yield* assertAlive(url)
      const late = yield* ask(url, yield* tokenFor("ada"))
      assert.deepStrictEqual(
        [late.status, late.body, late.headers["retry-after"], late.headers["connection"]],
        [503, `{"error":"Service temporarily unavailable","status":503}`, "2", "close"]
      )
      const page = yield* request(url, {
        method: "OPTIONS",
        headers: { origin, "access-control-request-method": "POST" }
      })
      assert.strictEqual(page.headers["access-control-allow-origin"], origin)
    }).pipe(Effect.provide(ServerOnDoubles.layer({ env: { CORS_ORIGINS: origin } })))
  )
})
