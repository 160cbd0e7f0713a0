import * as http from "node:http"
import { Effect } from "effect"

/** An answer as it came over the wire. */
export interface BytesAnswer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: Buffer
}

/** The same with its body as text. */
export interface Answer extends Omit<BytesAnswer, "body"> {
  readonly body: string
}

/** The headers of every request of a ChatKit client. */
export const chatKitHeaders = (token: string) => ({
  authorization: `Bearer ${token}`,
  "content-type": "application/json"
})

/** The beginning of a ChatKit request: the body is for the caller to write. */
export const chatKitRequest = (
  url: string,
  token: string,
  headers = {},
  agent: http.Agent | false = false
): http.ClientRequest => {
  const sent = http.request(new URL("/support/chatkit", url), {
    method: "POST",
    agent,
    headers: { ...chatKitHeaders(token), ...headers }
  })
  return sent.on("error", () => undefined)
}

/** All of an answer. */
export const readToEnd = (response: http.IncomingMessage) =>
  Effect.promise(async (): Promise<BytesAnswer> => {
    const body = Buffer.concat(await response.toArray())
    return { status: response.statusCode ?? 0, headers: response.headers, body }
  })

const asText = ({ body, ...rest }: BytesAnswer): Answer => ({
  ...rest,
  body: body.toString("utf8")
})

type Headers = Record<string, string | ReadonlyArray<string>>

/** One request with these bytes, or with these pieces and no length. */
export const sendBytes = (
  url: string | URL,
  options: {
    readonly method: string
    readonly headers?: Headers
    readonly body?: Uint8Array | string | ReadonlyArray<Uint8Array> | undefined
    readonly agent?: http.Agent
  }
): Effect.Effect<BytesAnswer> =>
  Effect.callback<http.IncomingMessage>((resume) => {
    const { agent = false, body, headers = {}, method } = options
    const sent = http.request(
      url,
      { method, agent, headers: headers as http.OutgoingHttpHeaders },
      (response) => resume(Effect.succeed(response))
    )
    // A server that has refused may close while we still send.
    let failure = new Error("closed without an answer")
    sent.on("error", (error) => (failure = error))
    sent.on("close", () => resume(Effect.die(failure)))
    if (Array.isArray(body)) {
      for (const piece of body) sent.write(piece)
      sent.end()
    } else {
      sent.end(body)
    }
    return Effect.sync(() => sent.destroy())
  }).pipe(Effect.flatMap(readToEnd))

/**
 * One HTTP request with nothing added and nothing decoded; headers may repeat. A `body` that is
 * not a string is sent as JSON.
 */
export const request = (
  url: string,
  options: {
    readonly method?: string
    readonly path?: string
    readonly headers?: Headers
    readonly body?: unknown
    readonly agent?: http.Agent
  } = {}
): Effect.Effect<Answer> => {
  const { body, headers = {}, method = "POST", path = "/support/chatkit", ...rest } = options
  const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body)
  const contentType = text === undefined ? {} : { "content-type": "application/json" }
  return Effect.map(
    sendBytes(new URL(path, url), {
      method,
      headers: { ...contentType, ...headers },
      body: text,
      ...rest
    }),
    asText
  )
}

export const get = (url: string, path: string) => request(url, { method: "GET", path })

/** A ChatKit request of somebody with this token. */
export const ask = (
  url: string,
  token: string,
  body: unknown = { type: "threads.list", params: {} }
): Effect.Effect<Answer> => request(url, { headers: { authorization: `Bearer ${token}` }, body })

/** Hangs up at the end of the event with this text in it; the answer up to there, or all of it. */
export const askUntil = (
  url: string,
  token: string,
  body: unknown,
  text: string
): Effect.Effect<Answer> =>
  Effect.callback<Answer>((resume) => {
    const sent = chatKitRequest(url, token)
    sent.on("response", (response) => {
      const { headers, statusCode: status = 0 } = response
      let heard = ""
      const done = (body: string) => resume(Effect.succeed({ status, headers, body }))
      response.setEncoding("utf8")
      response.on("error", () => undefined)
      response.on("end", () => done(heard))
      response.on("data", (chunk: string) => {
        heard += chunk
        const at = heard.indexOf(text)
        const end = heard.indexOf("\n\n", at)
        if (at === -1 || end === -1) return
        sent.destroy()
        done(heard.slice(0, end + 2))
      })
    })
    sent.end(JSON.stringify(body))
    return Effect.sync(() => sent.destroy())
  })

/** A request of which the server has the beginning of the body only. */
export const askHalf = (url: string, token: string, body: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const sent = chatKitRequest(url, token, { "content-length": Buffer.byteLength(body) })
      const response = new Promise<http.IncomingMessage>((resolve) => sent.on("response", resolve))
      sent.write(body.slice(0, 5))
      return {
        /** Sends the rest; the answer. */
        complete: Effect.promise(() => {
          sent.end(body.slice(5))
          return response
        }).pipe(Effect.flatMap(readToEnd), Effect.map(asText)),
        leave: Effect.sync(() => void sent.destroy())
      }
    }),
    ({ leave }) => leave
  )

/** The events of an answer that streamed. */
export const eventsOf = ({
  body
}: {
  readonly body: string
}): ReadonlyArray<Record<string, unknown>> =>
  body
    .split("\n\n")
    .filter((frame) => frame.startsWith("data: "))
    .map((frame) => JSON.parse(frame.slice("data: ".length)) as Record<string, unknown>)
