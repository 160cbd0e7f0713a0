import * as http from "node:http"
import { Effect, Schedule, Schema } from "effect"
import { path } from "./Ask.ts"
import { BenchFailed } from "./Bench.ts"

/** The body that begins a thread with this message. */
export const createThread = (text: string) =>
  JSON.stringify({
    type: "threads.create",
    params: {
      input: { content: [{ type: "input_text", text }], attachments: [], inference_options: {} }
    }
  })

const body = createThread("stream")

const mark = "content_part.text_delta"

class Busy extends Schema.TaggedError<Busy>()("Busy", {}) {}

interface Counts {
  events: number
  /** Streams that ended too early. */
  broken: number
  /** Streams that were answered 503 and asked for again. */
  repeated: number
}

const openOne = (url: string, token: string, counts: Counts, open: Set<http.ClientRequest>) =>
  Effect.callback<void, BenchFailed | Busy>((resume) => {
    const fail = (message: string) => resume(new BenchFailed({ message: `a stream ${message}` }))
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` }
    const request = http.request(url + path, { agent: false, method: "POST", headers })
    request.on("response", (response) => {
      if (response.statusCode === 503) {
        open.delete(request)
        counts.repeated++
        return response.resume().on("close", () => resume(new Busy()))
      }
      if (response.statusCode !== 200) return fail(`was answered ${response.statusCode}`)
      // A chunk may end within a mark.
      let tail = ""
      response.setEncoding("latin1").on("data", (chunk: string) => {
        const parts = (tail + chunk).split(mark)
        counts.events += parts.length - 1
        tail = parts.at(-1)?.slice(1 - mark.length) ?? ""
        resume(Effect.void)
      })
      return response.on("close", () => {
        if (open.delete(request)) counts.broken++
        fail("ended before its first event")
      })
    })
    request.on("error", (error) => fail(`could not be opened: ${error.message}`))
    open.add(request)
    request.end(body)
  })

/** Opens one stream for each token and counts what arrives, until the scope closes. */
export const openStreams = Effect.fnUntraced(function* (
  url: string,
  tokens: ReadonlyArray<string>
) {
  const counts: Counts = { events: 0, broken: 0, repeated: 0 }
  const open = new Set<http.ClientRequest>()
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      const requests = [...open]
      open.clear()
      for (const request of requests) request.destroy()
    })
  )
  const unopened = () => new BenchFailed({ message: `only ${open.size} streams could be opened` })
  yield* Effect.forEach(
    tokens,
    (token) =>
      Effect.retry(openOne(url, token, counts, open), {
        while: ({ _tag }) => _tag === "Busy",
        times: 9,
        schedule: Schedule.spaced("1 second")
      }),
    // Few at a time: open streams are measured, not a rush to open them.
    { concurrency: 20, discard: true }
  ).pipe(
    Effect.catchTag("Busy", unopened),
    Effect.timeoutOrElse({ duration: "100 seconds", orElse: unopened })
  )
  return counts
})
