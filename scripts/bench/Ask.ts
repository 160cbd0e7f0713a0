import { Effect } from "effect"
import { BenchFailed } from "./Bench.ts"

export const path = "/support/chatkit"

/** The only ChatKit request that needs authentication and nothing else. */
export const body = JSON.stringify({
  type: "input.transcribe",
  params: { audio_base64: "", mime_type: "audio/webm" }
})

/** Sends one request, outside of any measurement. */
export const ask = (url: string, init: RequestInit) =>
  Effect.tryPromise({
    try: async (signal) => {
      const response = await fetch(url, { ...init, signal })
      return { status: response.status, text: await response.text() }
    },
    catch: (error) => new BenchFailed({ message: `${url}: ${String(error)}` })
  }).pipe(
    Effect.timeoutOrElse({
      duration: "10 seconds",
      orElse: () => new BenchFailed({ message: `${url} did not answer within 10 s` })
    })
  )

/** The request that everything is measured with, from the person of this token. */
export const askAs = (url: string, token: string) =>
  ask(url + path, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body
  })
