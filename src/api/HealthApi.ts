import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { AnswersWhileDraining } from "./AnswersWhileDraining.ts"
import { described } from "./Described.ts"
import { forAnyone } from "./ErrorSchemas.ts"

const status = <const S extends string>(word: S) => Schema.Struct({ status: Schema.Literal(word) })

const docs = (word: string, summary: string, description: string) =>
  described({
    summary,
    description,
    success: {
      description: `The server is ${word}`,
      content: { "application/json": { examples: { [word]: { value: { status: word } } } } }
    }
  })

const health = HttpApiEndpoint.get("health", "/support/health", {
  success: status("healthy")
}).annotateMerge(
  docs("healthy", "Whether the server runs", "Asks neither the database nor the key endpoint.")
)

const alive = HttpApiEndpoint.get("alive", "/healthz", {
  success: status("alive")
}).annotateMerge(
  docs("alive", "Liveness probe", "The same for Kubernetes: restart the process if this fails.")
)

const ready = HttpApiEndpoint.get("ready", "/readyz", {
  success: status("ready"),
  error: forAnyone.NotReady
}).annotateMerge(
  docs(
    "ready",
    "Readiness probe",
    "Whether the server can do its work now: send no traffic while this is 503. The body says what is missing."
  )
)

/** For load balancers and people: whether the process runs, and whether it can do its work. */
export class HealthApi extends HttpApiGroup.make("health")
  .add(health, alive, ready)
  .annotateEndpoints(AnswersWhileDraining, true)
  .annotate(OpenApi.Description, "For load balancers and people; no authentication.") {}
