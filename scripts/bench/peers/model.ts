import * as http from "node:http"
import { randomUUID } from "node:crypto"

// The least that passing an answer on costs: it asks nobody who is there, and stores nothing.
const modelUrl = `${process.env["MODEL_URL"]}/chat/completions`
const agent = new http.Agent({ keepAlive: true })

interface Asked {
  readonly params: {
    readonly input: { readonly content: ReadonlyArray<{ readonly text: string }> }
  }
}

interface Chunk {
  readonly choices: ReadonlyArray<{ readonly delta: { readonly content?: string } }>
}

const server = http.createServer((request, response) => {
  if (request.method === "GET") return void response.writeHead(204).end()
  let asked = ""
  request.setEncoding("utf8").on("data", (chunk: string) => (asked += chunk))
  return void request.on("end", () => {
    const { params } = JSON.parse(asked) as Asked
    const content = params.input.content.map(({ text }) => text).join("")
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" })
    const item_id = `msg_${randomUUID()}`
    const pass = (data: string) => {
      if (data === "[DONE]") return
      const delta = (JSON.parse(data) as Chunk).choices[0]?.delta.content
      if (delta === undefined) return
      const update = { type: "assistant_message.content_part.text_delta", content_index: 0, delta }
      const event = { type: "thread.item.updated", item_id, update }
      response.write(`data: ${JSON.stringify(event)}\n\n`)
    }
    const upstream = http.request(modelUrl, { method: "POST", agent }, (answer) => {
      let rest = ""
      answer.setEncoding("utf8").on("data", (chunk: string) => {
        const frames = (rest + chunk).split("\n\n")
        rest = frames.pop() ?? ""
        for (const frame of frames) pass(frame.slice("data: ".length))
      })
      answer.on("end", () => response.end())
    })
    upstream.on("error", () => response.destroy())
    response.on("close", () => upstream.destroy())
    upstream.end(
      JSON.stringify({ model: "loopback", stream: true, messages: [{ role: "user", content }] })
    )
  })
})

server.listen(Number(process.env["PORT"]), "127.0.0.1")
