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
    SHUTDOWN_DELAY: "0",
    // The tests are one person who asks for a lot.
    REQUESTS_AT_ONCE_PER_USER: "10000",
    REQUESTS_PER_SECOND_PER_USER: "1000000",
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
export const forgiving = { statement: 20_000, request: 40_000, admission: 20_000 }

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
