import { createServer } from "node:http"
import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Schema } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { Authentication, betterAuth, CurrentUser } from "effect-chatkit/auth"
import { betterAuthTables, jwksRow, people } from "../../support/BetterAuthSchema.ts"
import { sendBytes } from "../../support/Client.ts"
import { onRealServer, TestDatabase } from "../../support/Database.ts"
import { closedDatabase } from "../../support/Processes.ts"
import { makeKey, origin, pluginClaims, sign } from "../../support/Tokens.ts"

/** Somebody else's API, which knows of Better Auth what `effect-chatkit/auth` tells it. */
class Notes extends HttpApi.make("notes").add(
  HttpApiGroup.make("notes")
    .add(HttpApiEndpoint.get("mine", "/notes/mine", { success: Schema.String }))
    .middleware(Authentication)
) {}

const Handlers = HttpApiBuilder.group(Notes, "notes", (handlers) =>
  handlers.handle("mine", () => Effect.map(CurrentUser, ({ userId }) => `the notes of ${userId}`))
)

const notesServer = (databaseUrl: string) =>
  Effect.map(
    Layer.build(
      HttpRouter.serve(
        HttpApiBuilder.layer(Notes).pipe(
          Layer.provide(Handlers),
          Layer.provide(betterAuth({ databaseUrl, issuer: origin }))
        ),
        { disableLogger: true, disableListenLog: true }
      ).pipe(
        Layer.provideMerge(
          NodeHttpServer.layer(() => createServer(), { host: "127.0.0.1", port: 0 })
        )
      )
    ),
    (context) => HttpServer.formatAddress(Context.get(context, HttpServer.HttpServer).address)
  )

const mine = (url: string, token?: string) =>
  Effect.map(
    sendBytes(new URL("/notes/mine", url), {
      method: "GET",
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` }
    }),
    ({ body, status }) => [status, body.toString()] as const
  )

describe("another API behind Better Auth", () => {
  it.live.skipIf(!onRealServer)(
    "lets its users in, and refuses everybody else as this one does",
    () =>
      Effect.gen(function* () {
        const database = yield* TestDatabase
        const key = yield* Effect.promise(() => makeKey())
        yield* database.exec(betterAuthTables + people + jwksRow(key.kid, key.publicJwk))
        const tokenFor = (person: string) => Effect.promise(() => sign(key, pluginClaims(person)))
        const url = yield* notesServer(database.url!)
        assert.deepStrictEqual(yield* mine(url, yield* tokenFor("ada")), [
          200,
          `"the notes of ada"`
        ])
        assert.deepStrictEqual(yield* mine(url), [
          401,
          `{"error":"Invalid or expired JWT token","status":401}`
        ])
        assert.deepStrictEqual(yield* mine(url, yield* tokenFor("ghost")), [
          404,
          `{"error":"User not found with provided email","status":404}`
        ])
        assert.deepStrictEqual(yield* mine(url, yield* tokenFor("asleep")), [
          404,
          `{"error":"No active sessions found for user","status":404}`
        ])
      }).pipe(Effect.provide(TestDatabase.layer), Effect.scoped)
  )

  it.live("answers 503 while the database is away, and says which option is wrong", () =>
    Effect.gen(function* () {
      const key = yield* Effect.promise(() => makeKey())
      const url = yield* notesServer(closedDatabase)
      const token = yield* Effect.promise(() => sign(key, pluginClaims("ada")))
      assert.deepStrictEqual(yield* mine(url, token), [
        503,
        `{"error":"Service temporarily unavailable","status":503}`
      ])
      const bad = yield* Effect.flip(Layer.build(betterAuth({ databaseUrl: "mysql://x" })))
      assert.match(bad.message, /DATABASE_URL: set a URL of the form postgres/)
    }).pipe(Effect.scoped)
  )
})
