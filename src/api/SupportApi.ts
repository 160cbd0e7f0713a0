import { HttpApiEndpoint, HttpApiGroup, HttpApiMiddleware, HttpApiSchema } from "effect/http-api"
import { Thread, ThreadPage } from "../chatkit/Entities.ts"
import { ThreadStreamEvent } from "../chatkit/Events.ts"
import { ChatKitRequest } from "../chatkit/Requests.ts"
import { Authentication } from "./Authentication.ts"
import { InvalidRequestWire, NotFoundWire, RefusedWire, UnavailableWire } from "./Errors.ts"

/** Says which field of a body is wrong, where the platform alone would say nothing. */
export class BodyErrors extends HttpApiMiddleware.Service<BodyErrors>()(
  "effect-chatkit/api/BodyErrors",
  { error: InvalidRequestWire }
) {}

export const chatkit = HttpApiEndpoint.post("chatkit", "/support/chatkit", {
  payload: ChatKitRequest,
  success: [Thread, ThreadPage, HttpApiSchema.StreamSse({ data: ThreadStreamEvent })],
  error: [NotFoundWire, UnavailableWire, ...RefusedWire]
})

/** ChatKit's one URL. Authentication is outermost: it is decided before a byte of the body is read. */
export class SupportApi extends HttpApiGroup.make("support")
  .add(chatkit)
  .middleware(BodyErrors)
  .middleware(Authentication) {}
