import type * as http from "node:http"
import { gzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Redacted, Scope } from "effect"
import * as Database from "../../src/postgres/Pool.ts"
import { ask } from "../support/Client.ts"
import { beforeUpstream } from "../support/http/BeforeUpstream.ts"
import { breaksOff, modelServer, type Script, stalls } from "../support/ModelServer.ts"
import { start } from "../support/Server.ts"
import { openStream } from "../support/StreamClient.ts"
import { makeKey, pluginClaims, sign } from "../support/Tokens.ts"

const one = { type: "progress_update", text: "one" }
const whole = `data: ${JSON.stringify(one)}\n\n`
const half = `data: {"type":"progr`
const retry = { type: "error", code: "stream.error", allow_retry: true }
const sse = { "content-type": "text/event-stream" }

/** Sends this head and body, and says no more without hanging up. */
const holds =
  (headers: http.OutgoingHttpHeaders, body: string): Script =>
  (_, response) =>
    void response.writeHead(200, headers).write(body)

const cuts =
  (headers: http.OutgoingHttpHeaders, body: string): Script =>
  (_, response) =>
    void response.writeHead(200, headers).write(body, () => response.destroy())

describe("an upstream server that breaks off", () => {
  it.live("between two events is followed by an offer to retry", () =>
    Effect.gen(function* () {
      const { logs, send } = yield* beforeUpstream({}, breaksOff(one))
      const { body } = yield* send("{}")
      assert.strictEqual(body.toString(), `${whole}data: ${JSON.stringify(retry)}\n\n`)
      const lines = logs.filter((line) => line.includes("upstream broke off"))
      assert.lengthOf(lines, 1)
      assert.include(lines[0], "lost")
      assert.notInclude(logs.join(""), "defect")
    }).pipe(Effect.scoped)
  )

  it.live("inside an event, or a document, breaks the client's connection too", () =>
    Effect.gen(function* () {
      const json = { "content-type": "application/json" }
      const { logs, send } = yield* beforeUpstream(
        {},
        cuts(sse, whole + half),
        cuts(json, `{"data":[`),
        cuts({ ...json, "content-length": "100" }, `{"data":[`)
      )
      for (let answer = 0; answer < 3; answer++) {
        assert.isTrue(Exit.isFailure(yield* Effect.exit(send("{}"))))
      }
      assert.notInclude(logs.join(""), "defect")
    }).pipe(Effect.scoped)
  )

  it.live("by falling silent is given up after MODEL_IDLE_TIMEOUT", () =>
    Effect.gen(function* () {
      const { calls, send } = yield* beforeUpstream(
        { MODEL_IDLE_TIMEOUT: "1" },
        stalls(one),
        holds(sse, whole + half),
        holds({ "content-type": "application/json" }, "{")
      )
      const { body } = yield* send("{}")
      assert.strictEqual(body.toString(), `${whole}data: ${JSON.stringify(retry)}\n\n`)
      for (let answer = 0; answer < 2; answer++) {
        assert.isTrue(Exit.isFailure(yield* Effect.exit(send("{}"))))
      }
      for (const { closed } of calls) yield* closed
    }).pipe(Effect.scoped)
  )

  it.live("never has a last event counted into the length that it promised", () =>
    Effect.gen(function* () {
      const { send } = yield* beforeUpstream({}, cuts({ ...sse, "content-length": "999" }, whole))
      const { body, headers } = yield* send("{}")
      assert.notProperty(headers, "content-length")
      assert.strictEqual(body.toString(), `${whole}data: ${JSON.stringify(retry)}\n\n`)
    }).pipe(Effect.scoped)
  )
})

describe("a server that stops before an upstream one", () => {
  const stopping = Effect.fnUntraced(function* (script: Script) {
    const scope = yield* Scope.fork(yield* Scope.Scope)
    const before = yield* Scope.provide(beforeUpstream({}, script), scope)
    const client = yield* openStream(before.url, yield* before.tokenFor("ada"), { message: "Hi" })
    yield* client.hears("one")
    return { ...before, client, stop: Scope.close(scope, Exit.void) }
  })

  it.live("ends a stream with an offer to retry, and the upstream's connection with it", () =>
    Effect.gen(function* () {
      const { calls, client, stop } = yield* stopping(stalls(one))
      yield* Effect.all([stop, calls[0]!.closed], { concurrency: 2 })
      assert.deepStrictEqual(yield* client.end, [one, retry])
    }).pipe(Effect.scoped)
  )

  it.live("adds nothing to an event that is half sent", () =>
    Effect.gen(function* () {
      const { client, logs, stop } = yield* stopping(holds(sse, whole + half))
      yield* stop
      assert.deepStrictEqual(yield* client.end, [one])
      assert.notInclude(logs.join(""), "defect")
    }).pipe(Effect.scoped)
  )
})

describe("an upstream server with strange answers", () => {
  it.live("is let go when its redirect never ends", () =>
    Effect.gen(function* () {
      const { calls, logs, send } = yield* beforeUpstream({}, (_, response) => {
        response.writeHead(307, { location: "http://127.0.0.1:1/" }).write("x".repeat(1_000_000))
      })
      assert.strictEqual((yield* send("{}")).status, 502)
      // Otherwise the garbage collector does it, whenever it comes by.
      yield* Effect.timeout(calls[0]!.closed, "2 seconds")
      assert.include(logs.join(""), "redirect")
    }).pipe(Effect.scoped)
  )

  it.live("keeps the headers of its bytes, and none of its connection", () =>
    Effect.gen(function* () {
      const packed = gzipSync("hello")
      const { send } = yield* beforeUpstream({}, (_, response) => {
        const title = Buffer.from("Zoë 漢字").toString("latin1")
        response
          .writeHead(200, {
            "content-encoding": "gzip",
            "cache-control": "private, max-age=5",
            connection: "close, x-hop",
            "x-hop": "1",
            "x-title": title
          })
          .end(packed)
      })
      const { body, headers, status } = yield* send("{}")
      assert.strictEqual(status, 200)
      assert.isTrue(body.equals(packed))
      assert.strictEqual(headers["content-encoding"], "gzip")
      assert.strictEqual(headers["cache-control"], "private, max-age=5")
      assert.notProperty(headers, "x-hop")
      // A type that nobody told is never guessed.
      assert.strictEqual(headers["content-type"], "application/octet-stream")
      assert.strictEqual(Buffer.from(String(headers["x-title"]), "latin1").toString(), "Zoë 漢字")
    }).pipe(Effect.scoped)
  )

  it.live("may have a body of nothing, and a refusal without one", () =>
    Effect.gen(function* () {
      const { send } = yield* beforeUpstream(
        {},
        (_, response) => void response.writeHead(204).end(),
        (_, response) => void response.writeHead(404).end()
      )
      for (const status of [204, 404]) {
        const answer = yield* send("{}")
        assert.deepStrictEqual([answer.status, answer.body.length], [status, 0])
      }
    }).pipe(Effect.scoped)
  )
})

describe("an outage before an upstream server", () => {
  it.live("is answered 503 and reaches nobody", () =>
    Effect.gen(function* () {
      const upstream = yield* modelServer()
      const url = Redacted.make("postgres://nobody@127.0.0.1:1/none")
      const server = yield* start(Database.layer({ url, poolSize: 1 }), {
        UPSTREAM_URL: upstream.url,
        UPSTREAM_SECRET: "0123456789abcdef0123456789abcdef"
      })
      const key = yield* Effect.promise(() => makeKey())
      const token = yield* Effect.promise(() => sign(key, pluginClaims("ada")))
      const answer = yield* ask(server.url, token)
      assert.deepStrictEqual(
        [answer.status, answer.body],
        [503, `{"error":"Service temporarily unavailable","status":503}`]
      )
      assert.lengthOf(upstream.calls, 0)
    }).pipe(Effect.scoped)
  )
})
