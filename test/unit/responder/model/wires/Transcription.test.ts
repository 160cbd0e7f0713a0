import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { Transcriber } from "../../../../../src/responder/model/Transcriber.ts"
import * as Transcription from "../../../../../src/responder/model/wires/Transcription.ts"
import { modelServer, refuses, type Script } from "../../../../support/ModelServer.ts"
import { key } from "../../../../support/Wires.ts"

const answers =
  (body: string): Script =>
  (_, response) =>
    void response.writeHead(200, { "content-type": "application/json" }).end(body)

const transcribe = (url: string, media_type: string) =>
  Effect.flatMap(Transcriber, ({ transcribe }) =>
    transcribe({
      audio: new Uint8Array([1, 2, 3]),
      mime_type: `${media_type};codecs=opus`,
      media_type
    })
  ).pipe(
    Effect.provide(
      Transcription.layer({ url, apiKey: Redacted.make(key), model: "whisper" }).pipe(
        Layer.provide(FetchHttpClient.layer)
      )
    )
  )

describe("dictation by the model's server", () => {
  it.live("sends the recording with a name that tells its format", () =>
    Effect.gen(function* () {
      const server = yield* modelServer(answers(`{"text":"Hello"}`))
      for (const [type, name] of [
        ["audio/webm", "dictation.webm"],
        ["audio/mp4", "dictation.mp4"],
        ["audio/ogg", "dictation.ogg"]
      ] as const) {
        assert.strictEqual(yield* transcribe(server.url, type), "Hello")
        const sent = server.calls.at(-1)
        assert.strictEqual(sent?.path, "/v1/audio/transcriptions")
        assert.strictEqual(sent?.headers.authorization, `Bearer ${key}`)
        const form = sent?.bytes.toString("latin1") ?? ""
        assert.include(form, `filename="${name}"`)
        assert.include(form, "\x01\x02\x03")
        assert.match(form, /name="model"\r\n\r\nwhisper/)
      }
    }).pipe(Effect.scoped)
  )

  it.live("fails as the server does, or when there is no text", () =>
    Effect.gen(function* () {
      const server = yield* modelServer(refuses(429), answers("{}"), answers("no JSON"))
      const reasons: Array<string> = []
      for (let i = 0; i < 3; i++) {
        reasons.push((yield* Effect.flip(transcribe(server.url, "audio/webm"))).reason._tag)
      }
      assert.deepStrictEqual(reasons, [
        "RateLimitError",
        "InvalidOutputError",
        "InvalidOutputError"
      ])
    }).pipe(Effect.scoped)
  )
})
