import * as http from "node:http"
import { Effect, Schedule, Schema } from "effect"
import { path } from "./Ask.ts"
import { BenchFailed } from "./Bench.ts"

const body = JSON.stringify({
  type: "threads.create",
  params: {
    input: {
      content: [{ type: "input_text", text: "stream" }],
      attachments: [],
      inference_options: {}
    }
  }
})

const mark = Buffer.from("content_part.text_delta")

/** Counts the events of a stream, however it is cut into chunks. */
const counter = (count: () => void) => {
  let tail: Buffer = Buffer.alloc(0)
  return (chunk: Buffer) => {
    const data = tail.length === 0 ? chunk : Buffer.concat([tail, chunk])
    let end = 0
    for (let at = data.indexOf(mark); at >= 0; at = data.indexOf(mark, end)) {
      count()
      end = at + mark.length
    }
    tail = data.subarray(Math.max(end, data.length - mark.length + 1))
  }
}

class Busy extends Schema.TaggedError<Busy>()("Busy", {}) {}

export interface Counts {
  events: number
  /** Streams that ended too early. */
  broken: number
  /** Streams that were answered 503 and asked for again. */
  repeated: number
}

const openOne = (url: string, token: string, counts: Counts, open: Set<http.ClientRequest>) =>
  Effect.callback<void, BenchFailed | Busy>((resume) => {
    const fail = (message: string) => resume(new BenchFailed({ message }))
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` }
    const request = http.request(url + path, { agent: false, method: "POST", headers })
    request.on("response", (response) => {
      if (response.statusCode === 503) {
        counts.repeated++
        open.delete(request)
        return response.resume().on("close", () => resume(new Busy()))
      }
      if (response.statusCode !== 200) return fail(`a stream was answered ${response.statusCode}`)
      const count = counter(() => counts.events++)
      response.once("data", () => resume(Effect.void))
      response.on("data", count)
      return response.on("close", () => {
        if (open.delete(request)) counts.broken++
        fail("a stream ended before its first event")
      })
    })
    request.on("error", (error) => fail(`a stream could not be opened: ${error.message}`))
    open.add(request)
    request.end(body)
  })

/** Opens one stream for each token, and closes all of them with the scope. */
export const openStreams = Effect.fnUntraced(function* (
  url: string,
  tokens: ReadonlyArray<string>
) {
  const counts: Counts = { events: 0, broken: 0, repeated: 0 }
  const open = yield* Effect.acquireRelease(
    Effect.sync(() => new Set<http.ClientRequest>()),
    (open) =>
      Effect.sync(() => {
        const requests = [...open]
        open.clear()
        for (const request of requests) request.destroy()
      })
  )
  yield* Effect.forEach(
    tokens,
    (token) =>
      openOne(url, token, counts, open).pipe(
        Effect.retry({
          while: ({ _tag }) => _tag === "Busy",
          times: 9,
          schedule: Schedule.spaced("1 second")
        })
      ),
    // Few at a time: streams that are open are measured, not a rush to open them.
    { concurrency: 20, discard: true }
  ).pipe(
    Effect.catchTag(
      "Busy",
      () => new BenchFailed({ message: `only ${open.size} streams could be opened` })
    ),
    Effect.timeoutOrElse({
      duration: "100 seconds",
      orElse: () => new BenchFailed({ message: `only ${open.size} streams were open in 100 s` })
    })
  )
  return counts
})
