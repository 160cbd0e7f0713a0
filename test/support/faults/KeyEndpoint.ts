import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { Clock, Effect } from "effect"
import { start } from "../Server.ts"
import { makeKey, pluginClaims, sign, type SigningKey } from "../Tokens.ts"
import { freshDatabase } from "./ServerBehindProxy.ts"
import { settableClock } from "../Clock.ts"
import * as Proxy from "./Proxy.ts"

/** An endpoint's answer. */
export interface Words {
  readonly status: number
  readonly body: string
}

export const keySet = (...keys: ReadonlyArray<SigningKey>): Words => ({
  status: 200,
  body: JSON.stringify({
    keys: keys.map(({ alg, kid, publicJwk }) => ({ ...publicJwk, alg, kid }))
  })
})

/** Better Auth's key endpoint behind a proxy, saying whatever the test wants. */
export const make = (first: Words) =>
  Effect.gen(function* () {
    let words = first
    let asked = 0
    const server = yield* Effect.acquireRelease(
      Effect.promise(
        () =>
          new Promise<http.Server>((resolve) => {
            const server = http.createServer((_, response) => {
              asked += 1
              response.writeHead(words.status, { "content-type": "application/json" })
              response.end(words.body)
            })
            server.listen(0, "127.0.0.1", () => resolve(server))
          })
      ),
      (server) =>
        Effect.promise(
          () =>
            new Promise((resolve) => {
              server.close(resolve)
              server.closeAllConnections()
            })
        )
    )
    const { port } = server.address() as AddressInfo
    const proxy = yield* Proxy.make({ host: "127.0.0.1", port })
    return {
      url: `http://127.0.0.1:${proxy.port}/api/auth/jwks`,
      proxy,
      say: (next: Words) =>
        Effect.sync(() => {
          words = next
        }),
      asked: Effect.sync(() => asked)
    }
  })

/** Answers that are not a key set. */
export const notKeys: Record<string, Words> = {
  "answers 500": { status: 500, body: `{"keys":[]}` },
  "answers 404": { status: 404, body: "not here" },
  "answers a page": { status: 200, body: "<html>Log in first</html>" },
  "answers other JSON": { status: 200, body: `{"message":"ok"}` },
  "answers null": { status: 200, body: "null" },
  "answers without an end": { status: 200, body: `{"keys":[],"x":"${"x".repeat(300_000)}"}` }
}

/** A server that has its keys from an endpoint, and tokens of ada's by the endpoint's time. */
export const serverWithEndpoint = (
  before: (endpoint: Endpoint) => Effect.Effect<void> = () => Effect.void
) =>
  Effect.gen(function* () {
    const { database } = yield* freshDatabase
    yield* database.exec(
      `update "session" set "expiresAt" = now() + interval '30 days' where "userId" = 'ada'`
    )
    const key = yield* Effect.promise(() => makeKey("EdDSA", "first"))
    const endpoint = yield* make(keySet(key))
    yield* before(endpoint)
    const time = yield* settableClock
    const { logs, url } = yield* start(database.client, {
      BETTER_AUTH_JWKS_URL: endpoint.url
    }).pipe(Effect.provideService(Clock.Clock, time.clock))
    const tokenBy = (signer: SigningKey) =>
      Effect.promise(() => sign(signer, pluginClaims("ada", {}, time.nowInSeconds())))
    return { ...endpoint, ...time, key, url, logs, tokenBy }
  })
export type Endpoint = Effect.Success<ReturnType<typeof make>>
