import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { Deferred, Effect } from "effect"

interface Call {
  readonly method: string
  readonly params: Readonly<Record<string, unknown>>
  readonly headers: http.IncomingHttpHeaders
  /** Done when the connection has closed, whoever closed it. */
  readonly closed: Effect.Effect<void>
}

interface Options {
  /** Fields of the tools beside a schema that fits any call; one tool, `weather`, by default. */
  readonly tools?: ReadonlyArray<Readonly<Record<string, unknown>> & { readonly name: string }>
  /** The status for a session that the server does not know; without it there are no sessions. */
  readonly unknownSession?: number
}

const weather = { name: "weather", description: "The weather in a city" }
const inputSchema = { type: "object", properties: { city: { type: "string" } } }

/**
 * A server of the Model Context Protocol. A number from `answer` is the status of a refusal, and
 * an error that it throws is answered as a JSON-RPC error.
 */
export const mcpServer = Effect.fnUntraced(function* (
  answer: (args: unknown, tool: string) => unknown,
  { tools = [weather], unknownSession }: Options = {}
) {
  const calls: Array<Call> = []
  let listed = tools
  let session = 0

  const resultOf = (method: string, params: Call["params"]): unknown => {
    switch (method) {
      case "initialize":
        return {
          protocolVersion: params["protocolVersion"],
          capabilities: { tools: {} },
          serverInfo: { name: "loopback", version: "1" }
        }
      case "tools/list":
        return { tools: listed.map((tool) => ({ inputSchema, ...tool })) }
      default:
        return answer(params["arguments"], String(params["name"]))
    }
  }
  const reply = async (
    request: http.IncomingMessage,
    text: string,
    closed: Effect.Effect<void>
  ): Promise<[number, unknown?]> => {
    if (request.method !== "POST") return [405]
    const { id, method, params } = JSON.parse(text) as Call & { readonly id?: number }
    const isKnown = request.headers["mcp-session-id"] === String(session)
    if (unknownSession !== undefined && method !== "initialize" && !isKnown) return [unknownSession]
    calls.push({ method, params, headers: request.headers, closed })
    if (id === undefined) return [202]
    try {
      const result = await resultOf(method, params)
      return typeof result === "number" ? [result] : [200, { jsonrpc: "2.0", id, result }]
    } catch (error) {
      const message = error instanceof Error ? error.message : ""
      return [200, { jsonrpc: "2.0", id, error: { code: -32602, message } }]
    }
  }

  const server = http.createServer((request, response) => {
    let text = ""
    const closed = Deferred.makeUnsafe<void>()
    response.on("close", () => Deferred.doneUnsafe(closed, Effect.void))
    request.setEncoding("utf8").on("data", (chunk: string) => (text += chunk))
    request.on("end", () => {
      void reply(request, text, Deferred.await(closed)).then(([status, body]) => {
        response.writeHead(status, {
          "content-type": "application/json",
          ...(unknownSession === undefined ? {} : { "mcp-session-id": String(session) })
        })
        response.end(body === undefined ? undefined : JSON.stringify(body))
      })
    })
  })
  let port = 0
  const start = Effect.callback<void>((resume) => {
    server.listen(port, "127.0.0.1", () => {
      port = (server.address() as AddressInfo).port
      resume(Effect.void)
    })
  })
  const stop = Effect.callback<void>((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })
  yield* Effect.acquireRelease(start, () => stop)
  return {
    calls,
    url: `http://127.0.0.1:${port}/mcp`,
    stop,
    /** As another process at the same address: it knows no session, and may have other tools. */
    restart: (tools = listed) =>
      Effect.suspend(() => {
        session += 1
        listed = tools
        return server.listening ? Effect.void : start
      })
  }
})
