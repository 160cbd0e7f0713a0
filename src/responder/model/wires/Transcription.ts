import { Effect, Layer, Stream } from "effect"
import { HttpBody, HttpClient } from "effect/http"
import { Transcriber } from "../Transcriber.ts"
import { textOf } from "./Fields.ts"
import { execute, modelRequest, type ModelServer } from "./ModelHttp.ts"
import { cutShort, notUnderstood, silent } from "./WireErrors.ts"

/** The server tells the format by the name's ending. */
const endings: Readonly<Record<string, string>> = {
  "audio/webm": "webm",
  "video/webm": "webm",
  "audio/ogg": "ogg",
  "audio/mp4": "mp4",
  "video/mp4": "mp4",
  "audio/m4a": "m4a",
  "audio/x-m4a": "m4a",
  "audio/mpeg": "mp3",
  "audio/mp3": "mp3",
  "audio/wav": "wav",
  "audio/wave": "wav",
  "audio/x-wav": "wav",
  "audio/vnd.wave": "wav",
  "audio/flac": "flac",
  "audio/x-flac": "flac"
}

/** Characters of an answer that are read. */
const mostCharacters = 1024 * 1024

/** Dictation by `POST {url}/audio/transcriptions`, which OpenAI and others have. */
export const layer = (options: ModelServer & { readonly model: string }) =>
  Layer.effect(
    Transcriber,
    Effect.gen(function* () {
      const client = yield* HttpClient.HttpClient
      return {
        transcribe: Effect.fnUntraced(
          function* ({ audio, media_type }) {
            const form = new FormData()
            const file = new Blob([Uint8Array.from(audio)], { type: media_type })
            form.append("file", file, `dictation.${endings[media_type] ?? "webm"}`)
            form.append("model", options.model)
            form.append("response_format", "json")
            const body = HttpBody.formData(form)
            const response = yield* execute(
              client,
              modelRequest(options, "/audio/transcriptions", body)
            )
            const text = yield* response.stream.pipe(
              Stream.mapError(() => cutShort),
              Stream.decodeText,
              Stream.scan(
                () => "",
                (all, more) => all + more
              ),
              Stream.takeUntil((all) => all.length >= mostCharacters),
              Stream.runLast
            )
            const found = yield* Effect.try({
              try: () => textOf(JSON.parse(text._tag === "Some" ? text.value : ""), "text"),
              catch: () => notUnderstood
            })
            return found ?? (yield* notUnderstood)
          },
          Effect.timeoutOrElse({ duration: "60 seconds", orElse: () => Effect.fail(silent) })
        )
      }
    })
  )
