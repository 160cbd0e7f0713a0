import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api"
import { NotReady } from "../health/Errors.ts"
import { retryAfter } from "./Errors.ts"

const status = <const S extends string>(word: S) => Schema.Struct({ status: Schema.Literal(word) })

const NotReadyWire = NotReady.pipe(
  HttpApiSchema.encodeToWithHeaders(
    {
      body: Schema.Struct({ error: Schema.String, status: Schema.Literal(503) }).annotate({
        identifier: "NotReady",
        httpApiStatus: 503
      }),
      headers: { "retry-after": Schema.String }
    },
    {
      decode: ({ body }) => new NotReady({ missing: [body.error] }),
      encode: ({ missing }) => ({
        body: { error: `Not ready: ${missing.join("; ")}`, status: 503 } as const,
        headers: { "retry-after": retryAfter }
      })
    }
  )
)

/** For load balancers and people: is it there, is the process alive, can it do its work. */
export class HealthApi extends HttpApiGroup.make("health")
  .add(HttpApiEndpoint.get("health", "/support/health", { success: status("healthy") }))
  .add(HttpApiEndpoint.get("alive", "/healthz", { success: status("alive") }))
  .add(
    HttpApiEndpoint.get("ready", "/readyz", { success: status("ready"), error: NotReadyWire })
  ) {}
