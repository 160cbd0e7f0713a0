import { Console, Effect, Layer } from "effect"
import { HttpServer } from "effect/http"
import { Readiness } from "../health/Readiness.ts"
import type { SettingsShape } from "../settings/Settings.ts"
import { firstRequest } from "./FirstRequest.ts"

/** What is said once, when the socket listens: where, what to know, what is missing. */
export const Startup = (settings: SettingsShape) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const readiness = yield* Readiness
      const url = HttpServer.formatAddress((yield* HttpServer.HttpServer).address)
      for (const warning of settings.warnings) {
        yield* Effect.annotateLogs(Effect.logWarning("setting"), { warning })
      }
      if (settings.production) {
        yield* Effect.annotateLogs(Effect.logInfo("listening"), { url })
      } else {
        yield* Console.log(banner(url, settings))
      }
      // The database may take its time; the server is there already, and says what it waits for.
      yield* readiness.missing.pipe(
        Effect.tap((missing) =>
          missing.length === 0
            ? Effect.logInfo("ready")
            : Effect.annotateLogs(Effect.logWarning("not ready: requests are answered 503"), {
                missing
              })
        ),
        Effect.forkScoped
      )
    })
  )

const banner = (url: string, settings: SettingsShape): string => {
  const { databaseUrl, docs } = settings
  const { command, person } = firstRequest(url, settings, mint)
  return [
    `effect-chatkit listens on ${url} in development mode${docs ? `, its docs are at ${url}/docs` : ""}.`,
    databaseUrl === undefined
      ? "Database: embedded, in .data/. Demo people: ada and grace are signed in, asleep's sessions have expired, ghost is unknown."
      : "Database: the one in DATABASE_URL.",
    `Try it, as ${person}:`,
    `  ${command}`
  ].join("\n")
}

/** The command that mints a token, wherever the line is pasted. */
const mint = (person: string) =>
  `npm run -s --prefix '${process.cwd().replaceAll("'", `'\\''`)}' token -- ${person}`
