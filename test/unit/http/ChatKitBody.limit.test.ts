import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Answer, ask } from "../../support/Client.ts"
import { partsOf, sendRaw } from "../../support/http/RawConnection.ts"
import { ServerOnDoubles, tokenFor } from "../../support/http/ServerOnDoubles.ts"

const saidToChatKit = (error: string, status: number) =>
  JSON.stringify({ error, status, message: error })

const assertAnswer = (answer: Answer, status: number, body: string) => {
  assert.deepStrictEqual([answer.status, answer.body], [status, body])
  assert.strictEqual(answer.headers["content-type"], "application/json")
}

describe("a body that is too large", () => {
  const error = "Request body too large: send less, or raise BODY_LIMIT on the server"
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
