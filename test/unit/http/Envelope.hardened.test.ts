import * as http from "node:http"
import { gzipSync } from "node:zlib"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import { eventsOf, request, sendBytes } from "../../support/Client.ts"
import { TestDatabase } from "../../support/Database.ts"
import { freshDatabase } from "../../support/faults/ServerBehindProxy.ts"
import { start } from "../../support/Server.ts"
import { ServerOnDoubles, tokenFor } from "../../support/http/ServerOnDoubles.ts"

const origin = "https://app.example.com"

const onServer =
  (env: Record<string, string> = {}) =>
  <A, E>(test: Effect.Effect<A, E, ServerOnDoubles>) =>
    Effect.provide(test, ServerOnDoubles.layer({ env }))

/** Where the link to upload a file begins, on a server with its real links. */
const linksOf = (env: Record<string, string>) =>
  Effect.gen(function* () {
    const { database, token } = yield* freshDatabase
    const { url } = yield* start(database.client, env)
    const { body } = yield* request(url, {
      headers: {
        authorization: `Bearer ${token}`,
        "x-forwarded-host": "169.254.169.254",
        "x-forwarded-proto": "https"
      },
      body: {
        type: "attachments.create",
        params: { name: "a.txt", mime_type: "text/plain", size: 3 }
      }
    })
    const { upload_descriptor } = JSON.parse(body) as {
      readonly upload_descriptor: { readonly url: string }
    }
    return { origin: new URL(upload_descriptor.url).origin, url }
  })

layer(TestDatabase.layer, { excludeTestServices: true })("the headers of a proxy", (it) => {
  it.effect("C4: count for nothing, because any client can send them", () =>
    Effect.gen(function* () {
      const { origin, url } = yield* linksOf({})
      assert.strictEqual(origin, url)
    })
  )

  it.effect("C4: count with TRUST_PROXY, and less than PUBLIC_URL", () =>
    Effect.gen(function* () {
      const trusting = yield* linksOf({ TRUST_PROXY: "on" })
      assert.strictEqual(trusting.origin, "https://169.254.169.254")
      const PUBLIC_URL = "https://chat.example.com"
      const fixed = yield* linksOf({ TRUST_PROXY: "on", PUBLIC_URL })
      assert.strictEqual(fixed.origin, PUBLIC_URL)
    })
  )
})

describe("a page of an allowed origin", () => {
  it.live("C6: may send the headers it asks for, and read when to try again", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const asked = "traceparent,tracestate,baggage,sentry-trace,x-request-id,chatkit-device-id"
      const preflight = (from: string) =>
        request(url, {
          method: "OPTIONS",
          headers: {
            origin: from,
            "access-control-request-method": "POST",
            "access-control-request-headers": asked
          }
        })
      const allowed = yield* preflight(origin)
      assert.strictEqual(allowed.headers["access-control-allow-headers"], asked)
      const other = yield* preflight("https://evil.example.com")
      assert.notProperty(other.headers, "access-control-allow-origin")
      const { headers } = yield* request(url, { headers: { origin }, body: {} })
      const exposed = String(headers["access-control-expose-headers"])
      for (const name of ["retry-after", "x-request-id"]) assert.include(exposed, name)
    }).pipe(onServer({ CORS_ORIGINS: origin }))
  )
})

describe("a path in another spelling", () => {
  it.live("C7: is 404, with a good token too", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const headers = { authorization: `Bearer ${yield* tokenFor("ada")}` }
      for (const path of [
        "//support/chatkit",
        "/SUPPORT/CHATKIT",
        "/support/chatkit;x=1",
        "/support/chatki%74",
        "/support/chatkit/"
      ]) {
        const target = `${url}${path}`
        const { body, status } = yield* sendBytes(target, { method: "POST", headers, body: "{}" })
        assert.strictEqual(status, 404, path)
        assert.include(body.toString(), "No such route")
      }
    }).pipe(onServer())
  )
})

describe("a body that is refused before it is read", () => {
  it.live("C8: costs its connection, with a length too", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const answer = yield* sendBytes(`${url}/support/chatkit`, {
        method: "POST",
        headers: { authorization: "Bearer nonsense", "content-length": "500000" },
        body: [Buffer.alloc(1_000, "x")]
      }).pipe(Effect.timeout("5 seconds"))
      assert.deepStrictEqual([answer.status, answer.headers.connection], [401, "close"])
    }).pipe(onServer())
  )
})

describe("a refused body that has arrived", () => {
  it.live(
    "C8: keeps its connection, which a flood of bad tokens would else open anew each time",
    () =>
      Effect.gen(function* () {
        const { url } = yield* ServerOnDoubles
        const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
        for (let i = 0; i < 5; i++) {
          const { headers, status } = yield* request(url, {
            agent,
            headers: { authorization: "Bearer nonsense" },
            body: { type: "threads.list", params: {} }
          })
          assert.deepStrictEqual([status, headers.connection], [401, "keep-alive"])
        }
        agent.destroy()
      }).pipe(onServer())
  )
})

describe("a compressed body", () => {
  it.live("C11: is 415, naming the encoding", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const send = (encoding: string, accept: string) =>
        Effect.gen(function* () {
          const answer = yield* sendBytes(`${url}/support/chatkit`, {
            method: "POST",
            headers: {
              authorization: `Bearer ${yield* tokenFor("ada")}`,
              "content-type": "application/json",
              "content-encoding": encoding,
              accept
            },
            body: gzipSync(`{"message":"Hello"}`)
          })
          return { status: answer.status, body: answer.body.toString() }
        })
      const sentence = "Unsupported content encoding gzip: send the body without Content-Encoding"
      const refused = yield* send("gzip", "*/*")
      assert.deepStrictEqual(
        [refused.status, refused.body],
        [415, JSON.stringify({ error: sentence, status: 415, message: sentence })]
      )
      const [event] = eventsOf(yield* send("gzip", "text/event-stream"))
      assert.strictEqual(event?.["message"], sentence)
      assert.include((yield* send("<script>", "*/*")).body, "encoding unknown")
    }).pipe(onServer())
  )
})
