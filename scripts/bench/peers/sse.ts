import * as http from "node:http"
import { randomUUID } from "node:crypto"

// Streams are silent until a signal, so that many can be opened first.
let speaking = false
process.on("SIGUSR2", () => {
  speaking = !speaking
})

// Server-sent events by hand, without authentication: the least that a stream costs.
const server = http.createServer((request, response) => {
  if (request.method === "GET") return response.writeHead(204).end()
  return request.resume().on("end", () => {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" })
    response.write(": open\n\n")
    const update = { type: "assistant_message.content_part.text_delta", content_index: 0 }
    const event = { type: "thread.item.updated", item_id: `msg_${randomUUID()}` }
    const timer = setInterval(() => {
      if (!speaking) return
      const spoken = { ...event, update: { ...update, delta: "word " } }
      response.write(`data: ${JSON.stringify(spoken)}\n\n`)
    }, 100)
    response.on("close", () => clearInterval(timer))
  })
})

server.listen(Number(process.env["PORT"]), "127.0.0.1")
