import * as http from "node:http"
import { Context, Effect, Layer } from "effect"
import { HttpServer } from "effect/http"
import type { SqlClient } from "effect/sql"
import { serve } from "../../src/App.ts"
import type { Responder } from "../../src/responder/Responder.ts"
import { Timeouts } from "../../src/core/Timeouts.ts"
import { parse, type SettingsShape } from "../../src/settings/Settings.ts"
import { captureLogs } from "./Doubles.ts"
import { origin, secret } from "./Tokens.ts"

/** Settings as from an environment; production, so that nothing is made up or printed. */
export const settingsOf = (env: Record<string, string | undefined> = {}): SettingsShape => {
  const settings = parse({
    NODE_ENV: "production",
    PORT: "0",
    DATABASE_URL: "postgres://nobody@127.0.0.1:1/none",
    BETTER_AUTH_SECRET: secret,
    BETTER_AUTH_ISSUER: origin,
    LOG_FORMAT: "json",
    ...env
  })
  if ("problems" in settings) throw new Error(settings.problems.join("\n"))
  return settings
}

/** A server that runs on a free port until the scope ends, and what it has logged. */
export interface Running {
  readonly url: string
  readonly logs: Array<string>
}

/** On a busy machine everything may take longer than the product allows. */
export const forgiving = { statement: 20_000, request: 40_000 }

export const start = (
  database: Layer.Layer<SqlClient.SqlClient, unknown>,
  env: Record<string, string | undefined> = {},
  patience = forgiving,
  responder?: Layer.Layer<Responder>
) =>
  Effect.gen(function* () {
    const logs: Array<string> = []
    const context = yield* Layer.build(
      serve(settingsOf(env), database, responder).pipe(
        Layer.provide([captureLogs(logs), Layer.succeed(Timeouts, patience)])
      )
    )
    const { address } = Context.get(context, HttpServer.HttpServer)
    const running: Running = { url: HttpServer.formatAddress(address), logs }
    return running
  })

/** An answer as it came over the wire. */
export interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

/**
 * One HTTP request with nothing added and nothing decoded; headers may repeat. A `body` that is
 * not a string is sent as JSON.
 */
export const request = (
  url: string,
  options: {
    readonly method?: string
    readonly path?: string
    readonly headers?: Record<string, string | ReadonlyArray<string>>
    readonly body?: unknown
  } = {}
): Effect.Effect<Answer> =>
  Effect.callback<Answer>((resume) => {
    const { body, headers = {}, method = "POST", path = "/support/chatkit" } = options
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body)
    const sent = http.request(
      new URL(path, url),
      {
        method,
        agent: false,
        headers: {
          ...(text === undefined ? {} : { "content-type": "application/json" }),
          ...(headers as http.OutgoingHttpHeaders)
        }
      },
      (response) => {
        const chunks: Array<Buffer> = []
        response.on("data", (chunk: Buffer) => chunks.push(chunk))
        response.on("end", () =>
          resume(
            Effect.succeed({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(chunks).toString("utf8")
            })
          )
        )
        response.on("error", (error) => resume(Effect.die(error)))
      }
    )
    sent.on("error", (error) => resume(Effect.die(error)))
    sent.end(text)
    return Effect.sync(() => sent.destroy())
  })

/** A ChatKit request of somebody with this token. */
export const ask = (
  url: string,
  token: string,
  body: unknown = { type: "threads.list", params: {} }
): Effect.Effect<Answer> => request(url, { headers: { authorization: `Bearer ${token}` }, body })

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
