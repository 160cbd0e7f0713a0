import { Context, Effect, Layer } from "effect"
import { betterAuthTables, jwksRow, people } from "../BetterAuthSchema.ts"
import { chatKitHeaders, sendBytes } from "../Client.ts"
import { TestDatabase } from "../Database.ts"
import { modelServer, type Script } from "../ModelServer.ts"
import { start } from "../Server.ts"
import { makeKey, pluginClaims, sign } from "../Tokens.ts"

/** Signs the assertions. */
export const upstreamSecret = "0123456789abcdef0123456789abcdef"

/** This server before an upstream one that does these things, on a real database. */
export const beforeUpstream = Effect.fnUntraced(function* (
  env: Record<string, string>,
  ...scripts: ReadonlyArray<Script>
) {
  const context = yield* Layer.build(Layer.fresh(TestDatabase.layer))
  const database = Context.get(context, TestDatabase)
  const key = yield* Effect.promise(() => makeKey())
  yield* database.exec(betterAuthTables + people + jwksRow(key.kid, key.publicJwk))
  const upstream = yield* modelServer(...scripts)
  const { logs, url } = yield* start(database.client, {
    UPSTREAM_URL: `${upstream.url}/support/chatkit`,
    UPSTREAM_SECRET: upstreamSecret,
    ...env
  })
  const tokenFor = (person: string, claims: Record<string, unknown> = {}) =>
    Effect.promise(() => sign(key, pluginClaims(person, claims)))
  const send = Effect.fnUntraced(function* (
    body: Uint8Array | string,
    headers: Record<string, string> = {},
    person = "ada"
  ) {
    return yield* sendBytes(new URL("/support/chatkit", url), {
      method: "POST",
      headers: { ...chatKitHeaders(yield* tokenFor(person)), ...headers },
      body
    })
  })
  return { calls: upstream.calls, database, logs, send, tokenFor, upstream, url }
})
