import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { Clock, Effect } from "effect"
import type { SigningKey } from "../Tokens.ts"
import * as Proxy from "./Proxy.ts"

/** What an endpoint says, and whether it is well. */
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

/** The real clock, which the test can set forward; sleeping takes its real time. */
export const settableClock = Effect.map(Clock.Clock, (real) => {
  let ahead = 0
  const clock: Clock.Clock = {
    ...real,
    currentTimeMillisUnsafe: () => real.currentTimeMillisUnsafe() + ahead,
    currentTimeMillis: Effect.map(real.currentTimeMillis, (now) => now + ahead),
    currentTimeNanosUnsafe: () => real.currentTimeNanosUnsafe() + BigInt(ahead) * 1_000_000n,
    currentTimeNanos: Effect.map(real.currentTimeNanos, (now) => now + BigInt(ahead) * 1_000_000n),
    sleep: (duration) => real.sleep(duration)
  }
  return {
    clock,
    advance: (milliseconds: number) =>
      Effect.sync(() => {
        ahead += milliseconds
      }),
    nowInSeconds: () => Math.floor(clock.currentTimeMillisUnsafe() / 1000)
  }
})
