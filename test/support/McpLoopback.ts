import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { Effect } from "effect"

interface Call {
  readonly method: string
  readonly params: Readonly<Record<string, unknown>>
  readonly headers: http.IncomingHttpHeaders
}

/** A server of the Model Context Protocol with one tool, `weather`. */
export const mcpServer = (answer: (args: unknown) => unknown) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly server: http.Server; readonly calls: Array<Call> }>((resume) => {
      const calls: Array<Call> = []
      const server = http.createServer((request, response) => {
        let text = ""
        request.setEncoding("utf8").on("data", (chunk: string) => (text += chunk))
        request.on("end", () => {
          if (request.method !== "POST") return void response.writeHead(405).end()
          const { id, method, params } = JSON.parse(text) as Call & { readonly id?: number }
          calls.push({ method, params, headers: request.headers })
          if (id === undefined) return void response.writeHead(202).end()
          response.writeHead(200, { "content-type": "application/json" })
          response.end(JSON.stringify({ jsonrpc: "2.0", id, result: resultOf(method, params) }))
        })
      })
      const resultOf = (method: string, params: Call["params"]) => {
        switch (method) {
          case "initialize":
            return {
              protocolVersion: params["protocolVersion"],
              capabilities: { tools: {} },
              serverInfo: { name: "loopback", version: "1" }
            }
          case "tools/list":
            return {
              tools: [
                {
                  name: "weather",
                  description: "The weather in a city",
                  inputSchema: { type: "object", properties: { city: { type: "string" } } }
                }
              ]
            }
          default:
            return answer(params["arguments"])
        }
      }
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed({ server, calls })))
    }),
    ({ server }) =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  ).pipe(
    Effect.map(({ calls, server }) => ({
      calls,
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
    }))
  )
