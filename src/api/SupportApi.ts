import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api"
import { Attachment } from "../protocol/Attachments.ts"
import { ThreadStreamEvent } from "../protocol/Events.ts"
import { ThreadItem } from "../protocol/Items.ts"
import { ChatKitRequest } from "../protocol/Requests.ts"
import { ItemPage, Thread, ThreadPage } from "../protocol/Threads.ts"
import { Authentication } from "./Authentication.ts"
import {
  AttachmentTooLargeWire,
  AttachmentTypeRefusedWire,
  ConflictWire,
  InvalidRequestWire,
  NotFoundWire,
  RefusedWire,
  ResponderFailedWire,
  TooManyWire,
  UnavailableWire
} from "./Errors.ts"

/** `{}`, once nothing else fits: what is deleted, and feedback that was heard. */
const Done = Schema.Struct({})

export const chatkit = HttpApiEndpoint.post("chatkit", "/support/chatkit", {
  payload: ChatKitRequest,
  success: [
    Thread,
    ThreadPage,
    ItemPage,
    Attachment,
    Schema.Struct({ text: Schema.String }),
    Schema.Struct({ updated_item: ThreadItem }),
    Done,
    HttpApiSchema.StreamSse({ data: ThreadStreamEvent })
  ],
  error: [
    InvalidRequestWire,
    NotFoundWire,
    ConflictWire,
    AttachmentTooLargeWire,
    AttachmentTypeRefusedWire,
    TooManyWire,
    ResponderFailedWire,
    UnavailableWire,
    ...RefusedWire
  ]
})

/** ChatKit's one URL. Authentication is outermost: it is decided before a byte of the body is read. */
export class SupportApi extends HttpApiGroup.make("support")
  .add(chatkit)
  .middleware(Authentication) {}
