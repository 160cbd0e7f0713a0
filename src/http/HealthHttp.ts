import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Api } from "../api/Api.ts"
import { NotReady } from "../health/Errors.ts"
import { Draining } from "./Draining.ts"
import { Readiness } from "../health/Readiness.ts"

export const HealthHttp = HttpApiBuilder.group(
  Api,
  "health",
  Effect.fnUntraced(function* (handlers) {
    const readiness = yield* Readiness
    const draining = yield* Draining
    return handlers
      .handle("health", () => Effect.succeed({ status: "healthy" as const }))
      .handle("alive", () => Effect.succeed({ status: "alive" as const }))
      .handle("ready", () =>
        Effect.gen(function* () {
          if (draining.begun()) return yield* new NotReady({ missing: ["shutting down"] })
          const missing = yield* readiness.missing
          if (missing.length > 0) return yield* new NotReady({ missing })
          return { status: "ready" as const }
        })
      )
  })
)
