import type * as http from "node:http"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as jose from "jose"
import { sendBytes } from "../../../support/Client.ts"
import { eventually } from "../../../support/Eventually.ts"
import { type ModelCall, pieces, type Script } from "../../../support/ModelServer.ts"
import { openStream } from "../../../support/StreamClient.ts"
import { beforeUpstream, upstreamSecret } from "../../../support/http/BeforeUpstream.ts"

const answers =
  (status: number, body: string | Uint8Array, headers: http.OutgoingHttpHeaders = {}): Script =>
  (_, response) =>
    void response.writeHead(status, headers).end(body)

const sse = { "content-type": "text/event-stream" }

describe("before an upstream ChatKit server", () => {
  it.live("every byte passes in both directions, whatever it is", () =>
    Effect.gen(function* () {
      const bytes = Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919) % 256))
      const type = { "content-type": "application/x-something; a=b" }
      const { calls, send } = yield* beforeUpstream({}, answers(200, bytes, type))
      const answer = yield* send(bytes, { "content-type": "application/vnd.x" })
      assert.strictEqual(answer.status, 200)
      assert.isTrue(answer.body.equals(bytes))
      assert.strictEqual(answer.headers["content-type"], type["content-type"])
      assert.isTrue(calls[0]?.bytes.equals(bytes))
      assert.strictEqual(calls[0]?.path, "/v1/support/chatkit")
    }).pipe(Effect.scoped)
  )

  it.live("its refusals pass too, but neither cookies nor what it says of itself", () =>
    Effect.gen(function* () {
      const { send } = yield* beforeUpstream(
        {},
        answers(418, "a teapot", {
          "content-type": "text/plain",
          "set-cookie": "a=b",
          server: "teapot",
          "retry-after": "7",
          "access-control-allow-origin": "*"
        }),
        answers(500, "broken", { "content-type": "text/plain" })
      )
      const teapot = yield* send("{}", { "x-request-id": "request-0001" })
      assert.deepStrictEqual([teapot.status, teapot.body.toString()], [418, "a teapot"])
      assert.strictEqual(teapot.headers["retry-after"], "7")
      assert.strictEqual(teapot.headers["x-request-id"], "request-0001")
      for (const name of ["set-cookie", "server", "access-control-allow-origin"]) {
        assert.notProperty(teapot.headers, name)
      }
      const broken = yield* send("{}")
      assert.deepStrictEqual([broken.status, broken.body.toString()], [500, "broken"])
    }).pipe(Effect.scoped)
  )

  it.live("the person is named by this server alone, and signed for a minute", () =>
    Effect.gen(function* () {
      const { calls, send, upstream } = yield* beforeUpstream({}, answers(200, "{}"))
      yield* send("{}", {
        "x-user-id": "grace",
        "x-user-email": "grace@example.com",
        "x-user-assertion": "forged",
        "remote-user": "grace",
        cookie: "session=1",
        "x-forwarded-for": "1.2.3.4",
        forwarded: "for=1.2.3.4",
        "x-anything": "else",
        baggage: "user.id=grace",
        "accept-language": "de",
        "chatkit-frame-instance-id": "frame"
      })
      const { headers } = calls[0] as ModelCall
      assert.deepInclude(headers, {
        "x-user-id": "ada",
        "x-user-email": "ada@example.com",
        "accept-language": "de",
        "chatkit-frame-instance-id": "frame",
        "accept-encoding": "identity"
      })
      assert.sameMembers(Object.keys(headers), [
        // Of the connection between the two servers.
        "connection",
        "content-length",
        "host",
        "accept-encoding",
        "accept-language",
        "chatkit-frame-instance-id",
        "content-type",
        "x-request-id",
        "x-session-id",
        "x-user-assertion",
        "x-user-email",
        "x-user-id",
        "x-user-name"
      ])
      const { payload } = yield* Effect.promise(() =>
        jose.jwtVerify(
          String(headers["x-user-assertion"]),
          new TextEncoder().encode(upstreamSecret),
          {
            issuer: "effect-chatkit",
            audience: new URL(upstream.url).origin
          }
        )
      )
      assert.deepInclude(payload, { sub: "ada", email: "ada@example.com" })
      assert.strictEqual(payload.sid, headers["x-session-id"])
      assert.strictEqual(payload.exp! - payload.iat!, 60)
    }).pipe(Effect.scoped)
  )

  it.live("nobody passes whom this server does not know", () =>
    Effect.gen(function* () {
      const { calls, send, url } = yield* beforeUpstream({}, answers(200, "{}"))
      const none = yield* sendBytes(new URL("/support/chatkit", url), {
        method: "POST",
        body: "{}"
      })
      assert.deepStrictEqual(
        [none.status, none.body.toString()],
        [401, `{"error":"Invalid or expired JWT token","status":401}`]
      )
      const asleep = yield* send("{}", {}, "asleep")
      assert.strictEqual(
        asleep.body.toString(),
        `{"error":"No active sessions found for user","status":404}`
      )
      const ghost = yield* send("{}", {}, "ghost")
      assert.strictEqual(
        ghost.body.toString(),
        `{"error":"User not found with provided email","status":404}`
      )
      assert.lengthOf(calls, 0)
    }).pipe(Effect.scoped)
  )

  it.live("events arrive as they are sent, in whatever pieces", () =>
    Effect.gen(function* () {
      const event = (text: string) =>
        Buffer.from(`data: ${JSON.stringify({ type: "progress_update", text })}\n\n`)
      let more = () => {}
      const script: Script = (_, response) => {
        response.writeHead(200, sse).write(event("first"))
        more = () => void response.end(event("ünd last"))
      }
      const { tokenFor, url } = yield* beforeUpstream({}, script)
      const client = yield* openStream(url, yield* tokenFor("ada"), { message: "Hi" })
      yield* client.hears("first")
      assert.lengthOf(client.heard(), 1)
      more()
      yield* client.hears("ünd last")
      const split = event("ünd")
      const bytes = Array.from(split, (byte) => Buffer.of(byte))
      const other = yield* beforeUpstream({}, pieces(...bytes))
      assert.isTrue((yield* other.send("{}")).body.equals(split))
    }).pipe(Effect.scoped)
  )

  it.live("a client that stops closes the upstream's connection", () =>
    Effect.gen(function* () {
      const { calls, tokenFor, url } = yield* beforeUpstream({}, (_, response) => {
        response.writeHead(200, sse).write(`data: {"type":"progress_update","text":"one"}\n\n`)
      })
      const client = yield* openStream(url, yield* tokenFor("ada"), { message: "Hi" })
      yield* client.hears("one")
      yield* client.leave
      yield* calls[0]!.closed
    }).pipe(Effect.scoped)
  )

  it.live("its trouble is 502 or 504 in this server's words", () =>
    Effect.gen(function* () {
      const { send } = yield* beforeUpstream(
        { MODEL_FIRST_EVENT_TIMEOUT: "1" },
        (_, response) => void response.destroy(),
        answers(302, "", { location: "http://127.0.0.1:1/" }),
        () => undefined
      )
      for (const [status, error] of [
        [502, "The chat cannot be reached right now: try again in a moment"],
        [502, "The chat cannot be reached right now: try again in a moment"],
        [504, "The chat takes too long to answer: try again in a moment"]
      ] as const) {
        const answer = yield* send("{}")
        assert.deepStrictEqual(
          [answer.status, answer.body.toString()],
          [status, JSON.stringify({ error, status, message: error })]
        )
        assert.strictEqual(answer.headers["retry-after"], "2")
      }
      const nobody = yield* beforeUpstream(
        { UPSTREAM_URL: "http://127.0.0.1:1/support/chatkit" },
        answers(200, "{}")
      )
      assert.strictEqual((yield* nobody.send("{}")).status, 502)
    }).pipe(Effect.scoped)
  )

  it.live("a user has so many requests open, and nobody sends more than BODY_LIMIT", () =>
    Effect.gen(function* () {
      const { calls, send, tokenFor, url } = yield* beforeUpstream(
        { STREAMS_PER_USER: "1", BODY_LIMIT: "1 KiB" },
        (_, response) => void response.writeHead(200, sse).write(`data: {"text":"one"}\n\n`),
        answers(200, "{}")
      )
      const client = yield* openStream(url, yield* tokenFor("ada"), { message: "Hi" })
      yield* client.hears("one")
      assert.strictEqual((yield* send("{}")).status, 429)
      assert.strictEqual((yield* send("{}", {}, "grace")).status, 200)
      assert.strictEqual((yield* send("x".repeat(2000), {}, "grace")).status, 413)
      assert.lengthOf(calls, 2)
      yield* client.leave
      const status = Effect.map(send("{}"), ({ status }) => status)
      yield* eventually(status, (status) => status === 200)
    }).pipe(Effect.scoped)
  )

  it.live("nothing of this server's own is stored or served", () =>
    Effect.gen(function* () {
      const { database, send, url } = yield* beforeUpstream({}, answers(200, "{}"))
      yield* send("{}")
      const get = (path: string) => sendBytes(new URL(path, url), { method: "GET" })
      assert.strictEqual((yield* get("/readyz")).status, 200)
      const contract = JSON.parse((yield* get("/openapi.json")).body.toString()) as {
        readonly paths: Readonly<Record<string, unknown>>
      }
      assert.sameMembers(Object.keys(contract.paths), [
        "/support/chatkit",
        "/support/health",
        "/healthz",
        "/readyz"
      ])
      assert.strictEqual((yield* get("/support/attachments/atc_1/content")).status, 404)
      const schemas = yield* database.exec(
        "select 1 from information_schema.schemata where schema_name = 'chatkit'"
      )
      assert.lengthOf(schemas, 0)
    }).pipe(Effect.scoped)
  )
})
