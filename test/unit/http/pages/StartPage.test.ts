import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { request } from "../../../support/Client.ts"
import { ServerOnDoubles } from "../../../support/http/ServerOnDoubles.ts"

const getRoot = Effect.flatMap(ServerOnDoubles, ({ url }) =>
  request(url, { method: "GET", path: "/" })
)

const development = (env: Record<string, string> = {}) =>
  ServerOnDoubles.layer({ env: { NODE_ENV: "development", ...env } })

describe("GET /", () => {
  it.live("in development has the links and a first request to paste", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const page = yield* getRoot
      assert.strictEqual(page.status, 200)
      assert.strictEqual(page.headers["content-type"], "text/html; charset=utf-8")
      const links = Array.from(page.body.matchAll(/<a href="([^"]*)">/g), ([, path]) => path!)
      assert.deepStrictEqual(links, ["/docs", "/openapi.json", "/support/health", "/readyz"])
      for (const path of links) {
        assert.strictEqual((yield* request(url, { method: "GET", path })).status, 200, path)
      }
      const [, command] = /<pre>([^<]*)<\/pre>/.exec(page.body) ?? []
      assert.match(
        command ?? "",
        /^curl -N 'http:[^']+\/support\/chatkit' -H "Authorization: Bearer /
      )
      assert.include(command, `${url}/support/chatkit`)
      assert.include(command, `$(npm run -s token -- you@example.com)`)
    }).pipe(Effect.provide(development()))
  )

  it.live("loads nothing and runs nothing, and its policy says so", () =>
    Effect.gen(function* () {
      const { body, headers } = yield* getRoot
      assert.notMatch(body, /<(script|link|img|iframe|form)\b|\bon\w+=|\bstyle=|https?:\/\/(?!127)/)
      const policy = String(headers["content-security-policy"])
      assert.match(policy, /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; /)
      assert.notMatch(policy, /unsafe|script-src|\*/)
      const [, style = ""] = /<style>([^<]*)<\/style>/.exec(body) ?? []
      const digest = yield* Effect.promise(() =>
        crypto.subtle.digest("SHA-256", new TextEncoder().encode(style))
      )
      assert.include(policy, `'sha256-${Buffer.from(digest).toString("base64")}'`)
    }).pipe(Effect.provide(development()))
  )

  it.live("names no docs where there are none, and no other method", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      assert.notInclude((yield* getRoot).body, "/docs")
      const post = yield* request(url, { path: "/" })
      assert.deepStrictEqual([post.status, post.headers["allow"]], [405, "GET, HEAD, OPTIONS"])
    }).pipe(Effect.provide(development({ DOCS: "off" })))
  )

  it.live("in production is no route, even with docs", () =>
    Effect.gen(function* () {
      const { body, headers, status } = yield* getRoot
      assert.deepStrictEqual(
        [status, body],
        [404, `{"error":"No such route: ChatKit is served at POST /support/chatkit","status":404}`]
      )
      assert.isUndefined(headers["allow"])
    }).pipe(Effect.provide(ServerOnDoubles.layer({ env: { DOCS: "on" } })))
  )
})
