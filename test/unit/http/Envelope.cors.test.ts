import { assert, describe, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import { IdentitiesDown } from "../../support/Doubles.ts"
import { ask, request } from "../../support/Client.ts"
import { ServerOnDoubles, tokenFor } from "../../support/http/ServerOnDoubles.ts"

const listed = "https://app.example.com"
const preflight = (url: string, origin: string, path = "/support/chatkit") =>
  request(url, {
    method: "OPTIONS",
    path,
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers":
        "authorization,content-type,accept-language,chatkit-frame-instance-id"
    }
  })

layer(ServerOnDoubles.layer({ env: { CORS_ORIGINS: `${listed}, https://other.example:8443` } }), {
  excludeTestServices: true
})("cors in production", (it) => {
  it.effect("answers the preflight of a listed origin without authentication", () =>
    Effect.gen(function* () {
      const { asked, logs, url } = yield* ServerOnDoubles
      for (const origin of [listed, "https://other.example:8443"]) {
        const { body, headers, status } = yield* preflight(url, origin)
        assert.deepStrictEqual([status, body], [204, ""])
        assert.strictEqual(headers["access-control-allow-origin"], origin)
        assert.strictEqual(
          headers["access-control-allow-headers"],
          "authorization,content-type,accept-language,chatkit-frame-instance-id"
        )
        assert.include(headers["access-control-allow-methods"], "POST")
        assert.strictEqual(headers["vary"], "Origin, Access-Control-Request-Headers")
        assert.isUndefined(headers["access-control-allow-credentials"])
      }
      assert.deepStrictEqual(asked, [])
      assert.notInclude(logs.join(), `"message":"authentication"`)
    })
  )

  it.effect("allows no other origin", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      for (const origin of [
        "https://evil.example",
        "http://app.example.com",
        "https://app.example.com:444",
        "https://app.example.com.evil.example",
        "https://xapp.example.com",
        "https://APP.example.com",
        "http://localhost:3000",
        "http://127.0.0.1:3000",
        "null"
      ]) {
        const { headers } = yield* preflight(url, origin)
        assert.isUndefined(headers["access-control-allow-origin"], origin)
        assert.strictEqual(headers["vary"], "Origin, Access-Control-Request-Headers")
      }
    })
  )

  it.effect("puts the headers on every answer a listed origin gets", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const authorization = `Bearer ${yield* tokenFor("ada")}`
      const list = { type: "threads.list", params: {} }
      const answers = [
        yield* request(url, { headers: { origin: listed, authorization }, body: list }),
        yield* request(url, {
          headers: { origin: listed, authorization },
          body: { message: "Hi" }
        }),
        yield* request(url, { headers: { origin: listed, authorization }, body: "{" }),
        yield* request(url, { headers: { origin: listed }, body: list }),
        yield* request(url, { headers: { origin: listed }, method: "GET" }),
        yield* request(url, { headers: { origin: listed }, path: "/nowhere" })
      ]
      assert.deepStrictEqual(
        answers.map(({ status }) => status),
        [200, 200, 400, 401, 405, 404]
      )
      for (const { headers } of answers) {
        assert.strictEqual(headers["access-control-allow-origin"], listed)
        assert.strictEqual(
          headers["access-control-expose-headers"],
          "x-request-id,retry-after,www-authenticate"
        )
        assert.strictEqual(headers["vary"], "Origin")
      }
    })
  )

  it.effect("varies by origin also where none was sent or allowed", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const anonymous = yield* request(url, { body: {} })
      assert.strictEqual(anonymous.headers["vary"], "Origin")
      assert.isUndefined(anonymous.headers["access-control-allow-origin"])
      const foreign = yield* request(url, { headers: { origin: "https://evil.example" }, body: {} })
      assert.strictEqual(foreign.headers["vary"], "Origin")
      assert.isUndefined(foreign.headers["access-control-allow-origin"])
      const served = yield* ask(url, yield* tokenFor("ada"))
      assert.strictEqual(served.headers["vary"], "Origin")
    })
  )
})

describe("cors", () => {
  it.live("puts the headers on an outage, too", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const authorization = `Bearer ${yield* tokenFor("ada")}`
      const answer = yield* request(url, { headers: { origin: listed, authorization }, body: {} })
      assert.strictEqual(answer.status, 503)
      assert.strictEqual(answer.headers["access-control-allow-origin"], listed)
    }).pipe(
      Effect.provide(
        ServerOnDoubles.layer({ identities: IdentitiesDown, env: { CORS_ORIGINS: listed } })
      )
    )
  )

  it.live("in development takes any loopback origin, and nothing that only looks like one", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const allowed = [
        "http://localhost:3000",
        "http://localhost",
        "https://localhost:5173",
        "http://127.0.0.1:8080",
        "http://127.1.2.3:1",
        "http://[::1]:3000",
        "http://app.localhost:3000"
      ]
      for (const origin of allowed) {
        const { headers } = yield* preflight(url, origin)
        assert.strictEqual(headers["access-control-allow-origin"], origin)
      }
      const refused = [
        "http://localhost.evil.com",
        "http://evil-localhost:3000",
        "http://127.0.0.1.evil.com",
        "http://127.0.0.evil.com",
        "http://128.0.0.1",
        "http://[::2]:3000",
        "file://localhost",
        "chrome-extension://localhost",
        "https://app.example.com",
        "null"
      ]
      for (const origin of refused) {
        const { headers } = yield* preflight(url, origin)
        assert.isUndefined(headers["access-control-allow-origin"], origin)
        assert.strictEqual(headers["vary"], "Origin, Access-Control-Request-Headers")
      }
    }).pipe(Effect.provide(ServerOnDoubles.layer({ env: { NODE_ENV: "development" } })))
  )
})
