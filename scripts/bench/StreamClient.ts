import { readFileSync } from "node:fs"
import * as http from "node:http"
import type { Command, Reply } from "./Streams.ts"

// A process of its own: opens streams and counts what comes, so that nothing else is in its way.
const mark = Buffer.from("content_part.text_delta")
const agent = new http.Agent({ keepAlive: false, maxSockets: Infinity })

let events = 0
let broken = 0
let repeated = 0
const open = new Set<http.ClientRequest>()

/** Counts the events of a stream, however it is cut into pieces. */
const counter = () => {
  let tail: Buffer = Buffer.alloc(0)
  return (chunk: Buffer) => {
    const data = tail.length === 0 ? chunk : Buffer.concat([tail, chunk])
    let end = 0
    for (let at = data.indexOf(mark); at >= 0; at = data.indexOf(mark, end)) {
      events++
      end = at + mark.length
    }
    tail = data.subarray(Math.max(end, data.length - mark.length + 1))
  }
}

const openOne = (url: string, body: string, token: string) =>
  new Promise<number>((done, failed) => {
    const request = http.request(
      url,
      {
        agent,
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` }
      },
      (response) => {
        const { statusCode = 0 } = response
        if (statusCode === 503) {
          open.delete(request)
          return response.resume().on("close", () => done(statusCode))
        }
        if (statusCode !== 200) {
          return failed(new Error(`a stream was answered ${statusCode}`))
        }
        const count = counter()
        response.once("data", () => done(statusCode))
        response.on("data", count)
        response.on("close", () => {
          if (open.delete(request)) broken++
          failed(new Error("a stream ended before its first event"))
        })
      }
    )
    open.add(request)
    request.on("error", failed)
    request.end(body)
  })

const handle = async (command: Command): Promise<Reply> => {
  switch (command.type) {
    case "open": {
      const tokens = readFileSync(command.tokens, "utf8").trimEnd().split("\n")
      const deadline = performance.now() + 100_000
      let next = 0
      // Few at a time: what is measured is streams that are open, not a rush to open them.
      const opening = Array.from({ length: 20 }, async () => {
        while (next < command.streams) {
          if (performance.now() > deadline) {
            throw new Error(`only ${open.size} of ${command.streams} streams were open in 100 s`)
          }
          const token = tokens[next++ % tokens.length] ?? ""
          for (let tries = 1; (await openOne(command.url, command.body, token)) === 503; tries++) {
            if (tries === 10 || performance.now() > deadline) {
              throw new Error(`only ${open.size} of ${command.streams} streams could be opened`)
            }
            repeated++
            await new Promise((done) => setTimeout(done, 1_000))
          }
        }
      })
      await Promise.all(opening)
      return { events: 0, seconds: 0, broken, repeated }
    }
    case "count": {
      const [before, began] = [events, performance.now()]
      await new Promise((done) => setTimeout(done, command.seconds * 1000))
      return {
        events: events - before,
        seconds: (performance.now() - began) / 1000,
        broken,
        repeated
      }
    }
    case "close": {
      const requests = [...open]
      open.clear()
      for (const request of requests) request.destroy()
      return { events: 0, seconds: 0, broken, repeated }
    }
  }
}

process.on("message", (command: Command) => {
  handle(command).then(
    (reply) => process.send?.(reply),
    (error: unknown) =>
      process.send?.({
        error: String(error instanceof Error ? error.message : error)
      } satisfies Reply)
  )
})
process.on("disconnect", () => process.exit())
