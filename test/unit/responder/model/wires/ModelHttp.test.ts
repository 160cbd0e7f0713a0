import * as http from "node:http"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, Stream } from "effect"
import { AiError, LanguageModel } from "effect/ai"
import { FetchHttpClient } from "effect/http"
import { ModelLimits } from "../../../../../src/responder/model/ModelLimits.ts"
import {
  breaksOff,
  chat,
  modelServer,
  pieces,
  refuses,
  responses,
  says,
  type Script,
  sseBytes,
  stalls
} from "../../../../support/ModelServer.ts"
import { gist, key, partsFrom, type Wire, wires } from "../../../../support/Wires.ts"

const limited = (limits: Partial<typeof ModelLimits.Service>) =>
  Effect.provideService(ModelLimits, { ...ModelLimits.defaultValue(), ...limits })

const answers: Readonly<Record<Wire, ReadonlyArray<unknown>>> = {
  chat: chat.text("Hi"),
  responses: responses.text("Hi")
}
const firsts: Readonly<Record<Wire, unknown>> = {
  chat: chat.delta({ content: "Hi" }),
  responses: responses.delta("Hi")
}

/** The outcome of one request to a server that does these things, and how often it was asked. */
const outcome = Effect.fnUntraced(function* (wire: Wire, ...scripts: ReadonlyArray<Script>) {
  const server = yield* modelServer(...scripts)
  const result = yield* Effect.result(partsFrom(server.url, wire))
  const error = result._tag === "Failure" ? result.failure : undefined
  return {
    asked: server.calls.length,
    gist: result._tag === "Success" ? gist(result.success) : [],
    error,
    reason: AiError.isAiError(error) ? error.reason._tag : undefined
  }
}, Effect.scoped)

for (const wire of ["chat", "responses"] as const) {
  const hello = says(...answers[wire])

  describe(`a request by the wire ${wire}`, () => {
    it.live("is repeated after 429, 408, 500 and a lost connection, before the first event", () =>
      Effect.gen(function* () {
        const lost: Script = (_, response) => void response.destroy()
        for (const script of [
          refuses(429, {}, { "retry-after": "0" }),
          refuses(408),
          refuses(500),
          refuses(503, { message: "overloaded" }),
          lost,
          says()
        ]) {
          const { asked, gist } = yield* outcome(wire, script, hello)
          assert.strictEqual(asked, 2)
          assert.strictEqual(gist.length, 2)
        }
        const { asked, reason } = yield* outcome(wire, refuses(500))
        assert.strictEqual(asked, 3)
        assert.strictEqual(reason, "InternalProviderError")
      })
    )

    it.live("is not repeated once an event was sent, nor when another attempt cannot help", () =>
      Effect.gen(function* () {
        const broken = yield* outcome(wire, breaksOff(firsts[wire]), hello)
        assert.strictEqual(broken.asked, 1)
        assert.strictEqual(broken.reason, "InternalProviderError")
        for (const [script, reason] of [
          [refuses(400), "InvalidRequestError"],
          [refuses(400, { code: "context_length_exceeded" }), "InvalidRequestError"],
          [refuses(401), "AuthenticationError"],
          [refuses(403), "AuthenticationError"],
          [refuses(402), "QuotaExhaustedError"],
          [refuses(404), "UnknownError"],
          [refuses(413), "InvalidRequestError"],
          [refuses(429, { code: "insufficient_quota" }), "QuotaExhaustedError"],
          [refuses(400, { code: "content_filter" }), "ContentPolicyError"]
        ] as const) {
          const refused = yield* outcome(wire, script, hello)
          assert.deepStrictEqual([refused.asked, refused.reason], [1, reason])
        }
      })
    )

    it.live("ends when no first event comes", () =>
      Effect.gen(function* () {
        const { reason } = yield* outcome(wire, stalls()).pipe(limited({ firstEvent: 50 }))
        assert.strictEqual(reason, "InternalProviderError")
      })
    )

    it.live("fails at once when Retry-After asks for more time than there is", () =>
      Effect.gen(function* () {
        const hour = { "retry-after": "3600" }
        for (const script of [
          refuses(429, {}, hour),
          refuses(429, { code: "rate_limit_exceeded" }, hour),
          refuses(503, {}, hour),
          refuses(503, { type: "overloaded_error" }, hour),
          refuses(429, {}, { "retry-after": new Date(Date.now() + 3_600_000).toUTCString() })
        ]) {
          const { asked, error, reason } = yield* outcome(wire, script, hello)
          assert.deepStrictEqual([asked, reason], [1, "RateLimitError"])
          const wait = AiError.isAiError(error) ? error.retryAfter : undefined
          assert.closeTo(wait === undefined ? 0 : Duration.toSeconds(wait), 3600, 60)
        }
      })
    )

    it.live("is whole with its last event, though the connection stays open or is cut", () =>
      Effect.gen(function* () {
        const whole = yield* outcome(wire, hello)
        for (const script of [stalls(...answers[wire]), breaksOff(...answers[wire])]) {
          const { asked, gist } = yield* outcome(wire, script)
          assert.deepStrictEqual([asked, gist], [1, whole.gist])
        }
      })
    )

    it.live("tells the kinds of errors in a stream apart", () =>
      Effect.gen(function* () {
        for (const [error, reason] of [
          [{ code: 402 }, "QuotaExhaustedError"],
          [{ code: 429 }, "RateLimitError"],
          [{ code: 502 }, "InternalProviderError"],
          [{ code: "slow_down" }, "RateLimitError"],
          [{ code: "model_not_found" }, "UnknownError"],
          [{ type: "invalid_request_error" }, "InvalidRequestError"],
          [{ code: "something_new" }, "InternalProviderError"]
        ] as const) {
          const outcomeOf = yield* outcome(wire, says(firsts[wire], { type: "error", error }))
          assert.strictEqual(outcomeOf.reason, reason)
        }
      })
    )

    it.live("ends when the server falls silent, also while it sends comments", () =>
      Effect.gen(function* () {
        const comments: Script = (_, response) => {
          response.writeHead(200, { "content-type": "text/event-stream" })
          response.write(sseBytes(firsts[wire]))
          const timer = setInterval(() => response.write(": keep-alive\n\n"), 5)
          response.on("close", () => clearInterval(timer))
        }
        for (const script of [stalls(firsts[wire]), comments]) {
          const { asked, reason } = yield* outcome(wire, script).pipe(limited({ idle: 100 }))
          assert.deepStrictEqual([asked, reason], [1, "InternalProviderError"])
        }
      })
    )

    it.live("closes its connection when nobody reads the answer any more", () =>
      Effect.gen(function* () {
        const server = yield* modelServer(stalls(firsts[wire]), stalls())
        for (const [n, wanted] of [1, 0].entries()) {
          const reading = yield* LanguageModel.streamText({ prompt: "Hi" }).pipe(
            Stream.take(wanted + 5),
            Stream.runDrain,
            Effect.provide(wires[wire](server.url).pipe(Layer.provide(FetchHttpClient.layer))),
            Effect.forkChild
          )
          while (server.calls.length <= n) yield* Effect.sleep(1)
          yield* Fiber.interrupt(reading)
          yield* server.calls[n]!.closed
        }
      }).pipe(Effect.scoped)
    )

    it.live("follows no redirect, which could lead the key elsewhere", () =>
      Effect.gen(function* () {
        const other = yield* modelServer(hello)
        const { error } = yield* outcome(wire, (_, response) => {
          response.writeHead(307, { location: `${other.url}/chat/completions` }).end()
        })
        assert.isDefined(error)
        assert.lengthOf(other.calls, 0)
      }).pipe(Effect.scoped)
    )

    it.live("has no key, prompt or words of the server in its failure", () =>
      Effect.gen(function* () {
        const leak = { message: `prompt Hi, key ${key}, SECRET`, code: "rate_limit_exceeded" }
        for (const script of [
          refuses(400, leak),
          refuses(429, leak, { "retry-after": "0" }),
          says({ error: leak, type: "error" })
        ]) {
          const { error } = yield* outcome(wire, script)
          assert.isDefined(error)
          const text = `${String(error)} ${JSON.stringify(error)}`
          assert.notMatch(text, /SECRET|sk-not|prompt Hi/)
        }
      })
    )

    it.live("fails where the stream is not this wire", () =>
      Effect.gen(function* () {
        const { reason } = yield* outcome(wire, says("not JSON"))
        assert.strictEqual(reason, "InvalidOutputError")
        const { asked } = yield* outcome(wire, says({ something: "else" }))
        assert.strictEqual(asked, 1)
      })
    )

    it.live("is understood whatever bytes come together, with comments and CRLF", () =>
      Effect.gen(function* () {
        const bytes = Buffer.from(
          `\uFEFFretry: 5\r\n: hi\r\n\r\n${answers[wire]
            .map(
              (event) =>
                `event: x\r\ndata: ${typeof event === "string" ? event : JSON.stringify(event)}\r\n\r\n`
            )
            .join(": ping\r\n")}`
        )
        const whole = yield* outcome(wire, pieces(bytes))
        assert.isAbove(whole.gist.length, 1)
        const each = yield* outcome(wire, pieces(...Array.from(bytes, (byte) => Buffer.of(byte))))
        assert.deepStrictEqual(each.gist, whole.gist)
      })
    )
  })
}

describe("a model's server that cannot be reached", () => {
  it.live("is an error that may pass", () =>
    Effect.gen(function* () {
      const port = yield* Effect.promise(
        () =>
          new Promise<number>((resolve) => {
            const server = http.createServer().listen(0, "127.0.0.1", () => {
              const address = server.address()
              server.close(() => resolve(typeof address === "object" ? address!.port : 0))
            })
          })
      )
      const error = yield* Effect.flip(partsFrom(`http://127.0.0.1:${port}/v1`, "chat"))
      assert.isTrue(AiError.isAiError(error) && error.isRetryable)
    })
  )
})
