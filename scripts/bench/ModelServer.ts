import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { Effect } from "effect"

/** The answer to a message that only checks that a server passes everything on. */
export const checkedText = "one two three "

const frame = (event: unknown) => `data: ${JSON.stringify(event)}\n\n`
const delta = (content: string) =>
  frame({ id: "c", choices: [{ index: 0, delta: { content }, finish_reason: null }] })
const end = `${frame({ id: "c", choices: [{ index: 0, delta: {}, finish_reason: "stop" }] })}data: [DONE]\n\n`

const millisBetweenDeltas = 50

/** A loopback server of chat completions whose answers, once they are told to, say 20 words a second. */
export const modelServer = Effect.acquireRelease(
  Effect.callback<{ readonly server: http.Server; readonly speak: (on: boolean) => void }>(
    (resume) => {
      const open = new Set<http.ServerResponse>()
      let speaking = false
      const word = delta("word ")
      const timer = setInterval(() => {
        if (speaking) for (const response of open) response.write(word)
      }, millisBetweenDeltas)
      const server = http.createServer((request, response) => {
        let asked = ""
        request.setEncoding("utf8").on("data", (chunk: string) => (asked += chunk))
        request.on("end", () => {
          response.writeHead(200, { "content-type": "text/event-stream" })
          if (asked.includes('"check"')) {
            return void response.end(
              checkedText
                .split(/(?<= )/)
                .map(delta)
                .join("") + end
            )
          }
          response.write(delta("word "))
          open.add(response)
          return response.on("close", () => open.delete(response))
        })
      })
      server.on("close", () => clearInterval(timer))
      const speak = (on: boolean) => {
        speaking = on
      }
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed({ server, speak })))
    }
  ),
  ({ server }) =>
    Effect.callback<void>((resume) => {
      server.close(() => resume(Effect.void))
      server.closeAllConnections()
    })
).pipe(
  Effect.map(({ server, speak }) => ({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    speak
  }))
)
