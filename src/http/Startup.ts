import { Console, Effect, Layer } from "effect"
import { HttpServer } from "effect/http"
import { Readiness } from "../health/Readiness.ts"
import { answeredBy } from "../settings/Answers.ts"
import { isLoopbackHost } from "../settings/Server.ts"
import type { SettingsShape } from "../settings/Settings.ts"
import { firstRequest } from "./pages/FirstRequest.ts"

/** Reports once, when the socket listens: the address, doubtful settings, and what is not ready. */
export const startup = (settings: SettingsShape) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const readiness = yield* Readiness
      const url = HttpServer.formatAddress((yield* HttpServer.HttpServer).address)
      for (const warning of settings.warnings) {
        yield* Effect.annotateLogs(Effect.logWarning("setting"), { warning })
      }
      if (settings.production) {
        yield* Effect.annotateLogs(Effect.logInfo("listening"), {
          url,
          answers: answeredBy(settings)
        })
        for (const advice of adviceFor(settings)) {
          yield* Effect.annotateLogs(Effect.logWarning("setting"), { warning: advice })
        }
      } else {
        yield* Console.log(banner(url, settings))
      }
      // The server listens before the database answers, and logs what it is waiting for.
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

/** Settings that are right in some deployments, and a riddle in others. */
const adviceFor = ({ host, publicUrl }: SettingsShape): ReadonlyArray<string> => [
  ...(isLoopbackHost(host)
    ? [
        "HOST: only programs on this machine reach the server; set HOST=0.0.0.0 in a container, or where a proxy runs elsewhere"
      ]
    : []),
  ...(publicUrl === undefined
    ? [
        "PUBLIC_URL: it is not set, so links to attachments begin with the host that each request names; set it to where browsers reach this server"
      ]
    : [])
]

const banner = (url: string, settings: SettingsShape): string => {
  const { databaseUrl, docs } = settings
  const { command, person } = firstRequest(url, settings, mint)
  return [
    `effect-chatkit listens on ${url} in development mode${docs ? `; its docs are at ${url}/docs` : ""}.`,
    databaseUrl === undefined
      ? "Database: embedded, in .data/. Demo people: ada and grace are signed in, asleep's sessions have expired, ghost is unknown."
      : "Database: the one in DATABASE_URL.",
    `Answers: ${answeredBy(settings)}.`,
    `Try it, as ${person}:`,
    `  ${command}`
  ].join("\n")
}

/** The shell command that mints a token; `--prefix` lets it work in any directory. */
const mint = (person: string) =>
  `npm run -s --prefix '${process.cwd().replaceAll("'", `'\\''`)}' token -- ${person}`
