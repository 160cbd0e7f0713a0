import { HttpApi, OpenApi } from "effect/http-api"
import { Api } from "./Api.ts"
import { HealthApi } from "./HealthApi.ts"
import { SupportApi } from "./SupportApi.ts"

/** The surface where another ChatKit server answers: attachments are that server's own matter. */
export class UpstreamApi extends HttpApi.make("effect-chatkit")
  .add(SupportApi)
  .add(HealthApi)
  .annotateMerge(OpenApi.annotations({ title: "effect-chatkit", version: "0.1.0" })) {}

/** Every endpoint of it is one of `Api` too. */
export type Surface = typeof Api | typeof UpstreamApi
