import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import { KeySource, maxKeys } from "../../../src/auth/KeySource.ts"
import { keySourceHttp } from "../../../src/betterauth/KeySourceHttp.ts"
import { LogBudget } from "../../../src/telemetry/LogBudget.ts"
import { captureLogs } from "../../support/Doubles.ts"
import { ask } from "../../support/Client.ts"
import { key, ServerOnDoubles, tokenFor } from "../../support/http/ServerOnDoubles.ts"

/** A key endpoint that does as told; its URL. */
const endpoint = (listener: http.RequestListener) =>
  Effect.acquireRelease(
    Effect.callback<http.Server>((resume) => {
      const server = http.createServer(listener)
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  ).pipe(
    Effect.map((server) => {
      const { port } = server.address() as AddressInfo
      return new URL(`http://127.0.0.1:${port}/api/auth/jwks`)
    })
  )

const published = { keys: [{ ...key.publicJwk, kid: key.kid, alg: key.alg }] }

const answering =
  (body: unknown, status = 200, headers: http.OutgoingHttpHeaders = {}): http.RequestListener =>
  (_, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers })
    response.end(typeof body === "string" ? body : JSON.stringify(body))
  }

const sourceAt = (url: URL, lines: Array<string> = []) =>
  keySourceHttp(url).pipe(
    Layer.provide([FetchHttpClient.layer, LogBudget.layer]),
    Layer.provideMerge(captureLogs(lines))
  )

const loadFrom = (url: URL, lines: Array<string> = []) =>
  Effect.flatMap(KeySource, ({ load }) => load).pipe(Effect.provide(sourceAt(url, lines)))

const assertUnavailable = Effect.fnUntraced(function* (url: URL, lines: Array<string> = []) {
  const failure = yield* Effect.flip(loadFrom(url, lines))
  assert.strictEqual(failure._tag, "KeysUnavailable")
  const { annotations, level, message } = JSON.parse(lines.at(-1) ?? "{}")
  assert.deepStrictEqual([level, message], ["WARN", "keys unavailable"])
  assert.strictEqual(annotations.host, url.host)
})

describe("KeySourceHttp", () => {
  it.live("A7: says in the log what the endpoint answered, and takes no empty set", () =>
    Effect.gen(function* () {
      const elsewhere = "https://www.example.com/api/auth/jwks?secret=1"
      for (const [listener, facts] of [
        [answering({}, 403), { reason: "NotOk", status: 403 }],
        [answering({}, 404), { reason: "NotOk", status: 404 }],
        [
          answering({}, 308, { location: elsewhere }),
          { reason: "NotOk", status: 308, location: "https://www.example.com/api/auth/jwks" }
        ],
        [answering("<html>"), { reason: "SchemaError" }],
        [answering({ keys: [] }), { reason: "NoKeys" }],
        [answering({ keys: [{ kty: "oct", kid: "a" }] }), { reason: "NoKeys" }],
        [answering(" ".repeat(300 * 1024)), { reason: "TooLarge" }]
      ] as const) {
        const lines: Array<string> = []
        yield* assertUnavailable(yield* endpoint(listener), lines)
        const { annotations } = JSON.parse(lines.at(-1) ?? "{}")
        assert.deepInclude(annotations, { path: "/api/auth/jwks", ...facts })
        assert.notInclude(lines.join(), "secret=1")
      }
    }).pipe(Effect.scoped)
  )

  it.live("reads the public keys of a key set and nothing else of it", () =>
    Effect.gen(function* () {
      const url = yield* endpoint(
        answering({
          keys: [
            { ...key.publicJwk, kid: key.kid, alg: key.alg, d: "private", ext: true },
            { ...key.publicJwk, kid: "no-alg" },
            { ...key.publicJwk },
            { ...key.publicJwk, kid: 7 },
            { ...key.publicJwk, kid: "for-encryption", use: "enc" },
            { kty: "oct", kid: "symmetric", k: "c2VjcmV0" }
          ],
          more: true
        })
      )
      const { crv, kty, x } = key.publicJwk
      const jwk = { kty, crv, x } as Record<string, string>
      assert.deepStrictEqual(yield* loadFrom(url), [
        { kid: key.kid, jwk, alg: "EdDSA", retiresAt: Infinity },
        { kid: "no-alg", jwk, alg: undefined, retiresAt: Infinity }
      ])
    })
  )

  it.live("takes the first of far too many keys", () =>
    Effect.gen(function* () {
      const { crv, kty, x } = key.publicJwk
      const keys = Array.from({ length: maxKeys + 1 }, (_, n) => ({ kty, crv, x, kid: `${n}` }))
      const loaded = yield* loadFrom(yield* endpoint(answering({ keys })))
      assert.lengthOf(loaded, maxKeys)
      assert.strictEqual(loaded.at(-1)?.kid, `${maxKeys - 1}`)
    })
  )

  it.live("calls any other answer an outage", () =>
    Effect.gen(function* () {
      const answers = [
        answering(published, 500),
        answering(published, 404),
        answering(published, 401),
        answering("<html>Not found</html>"),
        answering(""),
        answering("{"),
        answering([]),
        answering({}),
        answering({ keys: "none" }),
        answering({ keys: ["none"] }),
        answering(null)
      ]
      for (const answer of answers) yield* assertUnavailable(yield* endpoint(answer))
    })
  )

  it.live("follows no redirect, wherever it leads", () =>
    Effect.gen(function* () {
      let followed = 0
      const good = yield* endpoint((request, response) => {
        followed += 1
        answering(published)(request, response)
      })
      for (const status of [301, 302, 303, 307, 308]) {
        yield* assertUnavailable(yield* endpoint(answering("", status, { location: good.href })))
      }
      assert.strictEqual(followed, 0)
    })
  )

  it.live("reads no more than a quarter of a mebibyte", () =>
    Effect.gen(function* () {
      const padded = (size: number) => JSON.stringify(published).padEnd(size)
      const largest = 256 * 1024
      const fits = yield* endpoint(answering(padded(largest)))
      assert.strictEqual((yield* loadFrom(fits)).length, 1)
      yield* assertUnavailable(yield* endpoint(answering(padded(largest + 1))))

      const endless = yield* endpoint((_, response) => {
        const more = () => {
          if (!response.destroyed) response.write(" ".repeat(16_384), more)
        }
        more()
      })
      yield* assertUnavailable(endless)
    })
  )

  it.live("gives up by itself on an endpoint that hangs, and hangs up", () =>
    Effect.gen(function* () {
      const silent = yield* Deferred.make<void>()
      const halfway = yield* Deferred.make<void>()
      const left = (response: http.ServerResponse, done: Deferred.Deferred<void>) =>
        response.on("close", () => Deferred.doneUnsafe(done, Effect.void))
      const urls = [
        yield* endpoint((_, response) => void left(response, silent)),
        yield* endpoint((_, response) => {
          left(response, halfway)
          response.write(`{"keys":`)
        })
      ]
      yield* Effect.forEach(urls, (url) => assertUnavailable(url), { concurrency: 2 })
      yield* Deferred.await(silent)
      yield* Deferred.await(halfway)
    })
  )

  it.live("calls a refused connection an outage, and logs no more of the URL than its host", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      yield* assertUnavailable(new URL("http://127.0.0.1:1/api/auth/jwks?key=hunter2"), lines)
      yield* assertUnavailable(new URL("http://joe:hunter2@127.0.0.1:1/jwks"), lines)
      assert.notInclude(lines.join("\n"), "hunter2")
    })
  )

  it.live("lets a token in by the keys it has loaded, and answers 503 while there are none", () =>
    Effect.gen(function* () {
      const token = yield* tokenFor("ada")
      const statusWith = (answer: http.RequestListener) =>
        Effect.gen(function* () {
          const url = yield* endpoint(answer)
          return yield* Effect.gen(function* () {
            const served = yield* ServerOnDoubles
            return yield* ask(served.url, token)
          }).pipe(Effect.provide(ServerOnDoubles.layer({ keys: sourceAt(url) })))
        })
      assert.strictEqual((yield* statusWith(answering(published))).status, 200)
      for (const answer of [answering(published, 500), answering("<html>")]) {
        const { body, headers, status } = yield* statusWith(answer)
        assert.deepStrictEqual(
          [status, body],
          [503, `{"error":"Service temporarily unavailable","status":503}`]
        )
        assert.isUndefined(headers["www-authenticate"])
      }
    })
  )
})
