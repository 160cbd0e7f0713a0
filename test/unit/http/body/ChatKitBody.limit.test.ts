import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TooManyRequests } from "../../../../src/core/Errors.ts"
import { UserLimits } from "../../../../src/core/UserLimits.ts"
import { type Answer, ask, eventsOf, request } from "../../../support/Client.ts"
import { partsOf, sendRaw } from "../../../support/http/RawConnection.ts"
import { ServerOnDoubles, tokenFor } from "../../../support/http/ServerOnDoubles.ts"

const saidToChatKit = (error: string, status: number) =>
  JSON.stringify({ error, status, message: error })

const assertAnswer = (answer: Answer, status: number, body: string) => {
  assert.deepStrictEqual([answer.status, answer.body], [status, body])
  assert.strictEqual(answer.headers["content-type"], "application/json")
}

describe("a body that is too large", () => {
  const error = "The message is too large: at most 2 KiB"
  const tooMuch = JSON.stringify({ message: "x".repeat(2100) })

  it.live("is 413 with a length, and chunked without one", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const token = yield* tokenFor("ada")
      assertAnswer(yield* ask(url, token, tooMuch), 413, saidToChatKit(error, 413))

      const head = `POST /support/chatkit HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n`
      const pieces = tooMuch.match(/.{1,500}/g)!
      const chunked = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`)
      const answer = partsOf(yield* sendRaw(url, `${head}${chunked.join("")}0\r\n\r\n`))
      assert.deepStrictEqual([answer.status, answer.body], [413, saidToChatKit(error, 413)])
    }).pipe(Effect.provide(ServerOnDoubles.layer({ env: { BODY_LIMIT: "2048" } })))
  )

  it.live("is refused while the client still sends, and closes the connection", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const head = `POST /support/chatkit HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${yield* tokenFor("ada")}\r\ncontent-type: application/json\r\n`
      const unfinished = `${head}content-length: 1000000000\r\n\r\n${"x".repeat(4096)}`
      const answer = partsOf(yield* sendRaw(url, unfinished))
      assert.deepStrictEqual([answer.status, answer.body], [413, saidToChatKit(error, 413)])
      assert.strictEqual(answer.headers["connection"], "close")

      const endless = `${head}transfer-encoding: chunked\r\n\r\n1000\r\n${"x".repeat(4096)}\r\n`
      const refused = partsOf(yield* sendRaw(url, endless))
      assert.deepStrictEqual([refused.status, refused.body], [413, saidToChatKit(error, 413)])
      assert.strictEqual(refused.headers["connection"], "close")
    }).pipe(Effect.provide(ServerOnDoubles.layer({ env: { BODY_LIMIT: "2048" } })))
  )

  it.live("is measured in bytes, and the last byte that fits is taken", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const token = yield* tokenFor("ada")
      const frame = JSON.stringify({ message: "" }).length
      const fits = JSON.stringify({ message: "é".repeat((2048 - frame) / 2) })
      assert.strictEqual(Buffer.byteLength(fits), 2048)
      assert.strictEqual((yield* ask(url, token, fits)).status, 200)
      assert.strictEqual((yield* ask(url, token, `${fits} `)).status, 413)
    }).pipe(Effect.provide(ServerOnDoubles.layer({ env: { BODY_LIMIT: "2048" } })))
  )
})

/** The body of a dictation with so much recording, as ChatKit's client writes it. */
const dictation = (length: number, more: Record<string, unknown> = {}) =>
  JSON.stringify({
    type: "input.transcribe",
    params: { audio_base64: "QUJD".repeat(length / 4), mime_type: "audio/webm", ...more }
  })

describe("a dictation", () => {
  const tooLarge = saidToChatKit("The message is too large: at most 1 MiB", 413)
  const tooLong = saidToChatKit("The recording is too large: at most 4 MiB", 413)

  it.live("E4: has a limit of its own, in which two minutes fit", () =>
    Effect.gen(function* () {
      const { logs, url } = yield* ServerOnDoubles
      const token = yield* tokenFor("ada")
      const answer = yield* ask(url, token, dictation(2_800_000))
      assertAnswer(answer, 200, `{"text":"2100000 bytes of audio/webm"}`)
      assertAnswer(yield* ask(url, token, dictation(4_200_000)), 413, tooLong)
      const line = logs.map((line) => JSON.parse(line)).find(({ message }) => /large/.test(message))
      assert.deepInclude(line.annotations, { setting: "DICTATION_LIMIT", limit: "4 MiB" })
    }).pipe(Effect.provide(ServerOnDoubles.layer()))
  )

  it.live("E4: lends its limit to nothing but its recording", () =>
    Effect.gen(function* () {
      const { logs, url } = yield* ServerOnDoubles
      const token = yield* tokenFor("ada")
      const large = "x".repeat(1_100_000)
      for (const body of [
        JSON.stringify({ message: large }),
        JSON.stringify({ message: large, type: "input.transcribe" }),
        dictation(4, { more: large }),
        dictation(1_100_000, { more: large }),
        dictation(4, { audio_base64: [large] }),
        // The last `type` counts.
        `${dictation(1_100_000).slice(0, -1)},"type":"threads.list"}`
      ]) {
        assertAnswer(yield* ask(url, token, body), 413, tooLarge)
      }
      const line = logs.map((line) => JSON.parse(line)).find(({ message }) => /large/.test(message))
      assert.deepInclude(line.annotations, { setting: "BODY_LIMIT", limit: "1 MiB" })
    }).pipe(Effect.provide(ServerOnDoubles.layer()))
  )

  it.live("E4: is answered with a status, whatever its client accepts", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const headers = {
        authorization: `Bearer ${yield* tokenFor("ada")}`,
        accept: "text/event-stream"
      }
      const answer = yield* request(url, { headers, body: dictation(4_200_000) })
      assertAnswer(answer, 413, tooLong)
    }).pipe(Effect.provide(ServerOnDoubles.layer()))
  )

  it.live("E4: is refused while the client still sends, once it is too long", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const head = `POST /support/chatkit HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${yield* tokenFor("ada")}\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n`
      const answer = partsOf(yield* sendRaw(url, `${head}${dictation(4000).slice(0, 3500)}`))
      const said = saidToChatKit("The recording is too large: at most 3 KiB", 413)
      assert.deepStrictEqual([answer.status, answer.body], [413, said])
      assert.strictEqual(answer.headers["connection"], "close")
    }).pipe(
      Effect.provide(
        ServerOnDoubles.layer({ env: { BODY_LIMIT: "1024", DICTATION_LIMIT: "3072" } })
      )
    )
  )
})

describe("D1: a body whose user has sent too much", () => {
  const sentence = "Too many requests: wait a moment, then try again"
  const counted: Array<readonly [string, number]> = []
  const limits = Layer.succeed(UserLimits, {
    limited: () => (work) => work,
    takeBody: (userId, length) =>
      Effect.suspend(() => {
        counted.push([userId, length])
        return length > 1_000 ? new TooManyRequests() : Effect.void
      }),
    reading: () => (work) => work({ mayRead: Effect.void, hasRead: () => Effect.void })
  })

  it.live(
    "is counted by its bytes, and 429 before it is parsed, or an event where one is due",
    () =>
      Effect.gen(function* () {
        const { url } = yield* ServerOnDoubles
        const token = yield* tokenFor("ada")
        const list = JSON.stringify({ type: "threads.list", params: {}, metadata: { a: "é" } })
        assert.strictEqual((yield* ask(url, token, list)).status, 200)
        const noJson = "{".repeat(2_000)
        assertAnswer(yield* ask(url, token, noJson), 429, saidToChatKit(sentence, 429))
        const headers = { authorization: `Bearer ${token}`, accept: "text/event-stream" }
        const streamed = yield* request(url, { headers, body: { message: "x".repeat(2_000) } })
        assert.deepStrictEqual(eventsOf(streamed), [
          { type: "error", code: "custom", message: sentence, allow_retry: false }
        ])
        assert.deepStrictEqual(counted, [
          ["ada", Buffer.byteLength(list)],
          ["ada", 2_000],
          ["ada", 2_000 + JSON.stringify({ message: "" }).length]
        ])
      }).pipe(Effect.provide(ServerOnDoubles.layer({ limits })))
  )
})
