import { Context, Layer, Redacted } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import type { SqlClient } from "effect/sql"
import { bodyLimits, routes, services } from "./App.ts"
import { Draining } from "./http/Draining.ts"
import * as Pool from "./postgres/Pool.ts"
import type { ModelUsage } from "./responder/model/usage/ModelUsage.ts"
import type { Responder } from "./responder/Responder.ts"
import type { Environment } from "./settings/Setting.ts"
import { BadSettings, parse } from "./settings/Settings.ts"
import * as Telemetry from "./telemetry/Telemetry.ts"

export interface ChatKitOptions {
  /** The settings of the server by their names, as in `process.env`. `DATABASE_URL` is required. */
  readonly env: Environment
  /** Answers in place of `MODEL` or `RESPONDER`. */
  readonly responder?: Layer.Layer<Responder, unknown, SqlClient.SqlClient | ModelUsage>
}

export interface ChatKitHandler {
  /** Answers one request to the routes of this server; rejects with `BadSettings` for wrong options. */
  readonly handler: (request: Request) => Promise<Response>
  /** Ends what runs and lets the database go. Later requests are answered 503. */
  readonly dispose: () => Promise<void>
}

/**
 * The server as a function of a request, to stand beside `auth.handler` in another server. It starts
 * at once, and requests wait for it.
 */
export const createChatKit = ({ env, responder }: ChatKitOptions): ChatKitHandler => {
  const settings = parse({ ...env, NODE_ENV: "production" })
  if ("problems" in settings) {
    const failure = new BadSettings(settings)
    return { handler: () => Promise.reject(failure), dispose: () => Promise.resolve() }
  }
  const { databasePoolSize: poolSize, databaseUrl } = settings
  const url = databaseUrl ?? Redacted.make("")
  const app = routes(settings).pipe(
    Layer.provideMerge(Draining.layer),
    services(settings, Pool.layer({ url, poolSize }), responder),
    Layer.provideMerge([HttpServer.layerServices, bodyLimits(settings)]),
    Layer.provide(Telemetry.layer(settings))
  )
  // Only the start page of development asks for the address of a server.
  const withoutServer = app as Layer.Layer<
    Layer.Success<typeof app>,
    Layer.Error<typeof app>,
    Exclude<Layer.Services<typeof app>, HttpServer.HttpServer>
  >
  const web = HttpRouter.toWebHandler(withoutServer, { disableLogger: true })
  let isOver = false
  return {
    handler: (request) =>
      isOver
        ? Promise.resolve(
            Response.json(
              { error: "Service temporarily unavailable", status: 503 },
              { status: 503, headers: { "retry-after": "2" } }
            )
          )
        : web.handler(request, Context.empty() as never),
    dispose: () => {
      isOver = true
      return web.dispose()
    }
  }
}
