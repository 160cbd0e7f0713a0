import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { randomUUID } from "node:crypto"

// Streams are silent until they are told to speak, so that many can be opened.
let speaking = false
process.on("SIGUSR2", () => {
  speaking = !speaking
})

// Server-sent events by hand, for anyone who asks: what a stream costs when nothing else is done.
const server = http.createServer((request, response) => {
  if (request.method === "GET") return response.writeHead(204).end()
  return request.resume().on("end", () => {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" })
    response.write(": open\n\n")
    const item_id = `msg_${randomUUID()}`
    const timer = setInterval(() => {
      if (!speaking) return
      const event = {
        type: "thread.item.updated",
        item_id,
        update: {
          type: "assistant_message.content_part.text_delta",
          content_index: 0,
          delta: "word "
        }
      }
      response.write(`data: ${JSON.stringify(event)}\n\n`)
    }, 100)
    response.on("close", () => clearInterval(timer))
  })
})

server.listen(Number(process.env["PORT"] ?? "0"), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
