import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { Deferred, Effect } from "effect"

/** A request as the model's server got it. */
export interface ModelCall {
  readonly path: string
  readonly headers: http.IncomingHttpHeaders
  /** Parsed, where it is JSON. */
  readonly body: Readonly<Record<string, unknown>>
  readonly bytes: Buffer
  /** Done when the connection has closed, whoever closed it. */
  readonly closed: Effect.Effect<void>
}

/** The way in which the server answers one request. */
export type Script = (call: ModelCall, response: http.ServerResponse) => Promise<void> | void

/** A loopback server of models, which does for its first request what the first script says, and so on. */
export const modelServer = Effect.fnUntraced(function* (...scripts: ReadonlyArray<Script>) {
  const calls: Array<ModelCall> = []
  const server = http.createServer((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      const bytes = Buffer.concat(chunks)
      const closed = Deferred.makeUnsafe<void>()
      response.on("close", () => Deferred.doneUnsafe(closed, Effect.void))
      let body: ModelCall["body"]
      try {
        body = JSON.parse(bytes.toString("utf8")) as ModelCall["body"]
      } catch {
        body = {}
      }
      const { headers, url = "" } = request
      const call = { path: url, headers, body, bytes, closed: Deferred.await(closed) }
      calls.push(call)
      const script = scripts[Math.min(calls.length, scripts.length) - 1]
      void script?.(call, response)
    })
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.void))
    }),
    () =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/v1`, calls }
})

const head = (response: http.ServerResponse) =>
  response.writeHead(200, { "content-type": "text/event-stream" })

const frame = (event: unknown) =>
  `data: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`

/** The bytes of these events; a text is sent as it is. */
export const sseBytes = (...events: ReadonlyArray<unknown>) =>
  Buffer.from(events.map(frame).join(""))

/** Sends these events and ends. */
export const says =
  (...events: ReadonlyArray<unknown>): Script =>
  (_, response) => {
    head(response).end(sseBytes(...events))
  }

/** Sends these events and no more, and keeps the connection open. */
export const stalls =
  (...events: ReadonlyArray<unknown>): Script =>
  (_, response) => {
    head(response).write(sseBytes(...events))
    if (events.length === 0) response.flushHeaders()
  }

/** Sends these events and cuts the connection. */
export const breaksOff =
  (...events: ReadonlyArray<unknown>): Script =>
  (_, response) => {
    head(response).write(sseBytes(...events), () => response.destroy())
  }

/** Sends bytes in these pieces, each in a write of its own. */
export const pieces =
  (...parts: ReadonlyArray<Uint8Array>): Script =>
  async (_, response) => {
    head(response)
    response.socket?.setNoDelay(true)
    for (const part of parts) {
      await new Promise<void>((resume) => response.write(part, () => resume()))
      await new Promise<void>((resume) => setImmediate(resume))
    }
    response.end()
  }

/** Refuses with this status and error object. */
export const refuses =
  (status: number, error: unknown = {}, headers: Record<string, string> = {}): Script =>
  (_, response) => {
    response
      .writeHead(status, { "content-type": "application/json", ...headers })
      .end(JSON.stringify({ error }))
  }

/** The chunks of chat completions. */
export const chat = {
  delta: (delta: unknown) => ({ choices: [{ index: 0, delta, finish_reason: null }] }),
  finish: (finish_reason: string) => ({ choices: [{ index: 0, delta: {}, finish_reason }] }),
  usage: (prompt_tokens: number, completion_tokens: number) => ({
    choices: [],
    usage: { prompt_tokens, completion_tokens }
  }),
  /** A whole answer of text, in these deltas. */
  text: (...deltas: ReadonlyArray<string>) => [
    ...deltas.map((content) => chat.delta({ content })),
    chat.finish("stop"),
    chat.usage(10, 5),
    "[DONE]"
  ],
  /** A whole answer that calls a tool. */
  call: (id: string, name: string, args: unknown) => [
    chat.delta({
      tool_calls: [{ index: 0, id, type: "function", function: { name, arguments: "" } }]
    }),
    chat.delta({ tool_calls: [{ index: 0, function: { arguments: JSON.stringify(args) } }] }),
    chat.finish("tool_calls"),
    chat.usage(10, 5),
    "[DONE]"
  ]
}

/** The events of the Responses API. */
export const responses = {
  delta: (delta: string, item_id = "msg_1", content_index = 0) => ({
    type: "response.output_text.delta",
    item_id,
    content_index,
    delta
  }),
  textDone: (item_id = "msg_1", content_index = 0) => ({
    type: "response.output_text.done",
    item_id,
    content_index
  }),
  thought: (delta: string, summary_index = 0) => ({
    type: "response.reasoning_summary_text.delta",
    item_id: "rs_1",
    summary_index,
    delta
  }),
  thoughtDone: (summary_index = 0) => ({
    type: "response.reasoning_summary_text.done",
    item_id: "rs_1",
    summary_index
  }),
  citation: (annotation: unknown) => ({
    type: "response.output_text.annotation.added",
    item_id: "msg_1",
    content_index: 0,
    annotation
  }),
  item: (item: unknown) => ({ type: "response.output_item.done", item }),
  completed: (input_tokens = 10, output_tokens = 5) => ({
    type: "response.completed",
    response: { usage: { input_tokens, output_tokens }, output: [] }
  }),
  text: (...deltas: ReadonlyArray<string>) => [
    ...deltas.map((delta) => responses.delta(delta)),
    responses.textDone(),
    responses.completed()
  ],
  call: (call_id: string, name: string, args: unknown) => [
    responses.item({
      type: "function_call",
      id: `fc_${call_id}`,
      call_id,
      name,
      arguments: JSON.stringify(args)
    }),
    responses.completed()
  ]
}
