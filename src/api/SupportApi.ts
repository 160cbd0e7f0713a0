import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Attachment } from "../protocol/Attachments.ts"
import { ThreadStreamEvent } from "../protocol/Events.ts"
import { ThreadItem } from "../protocol/Items.ts"
import { ChatKitRequest } from "../protocol/Requests.ts"
import { ItemPage, Thread, ThreadPage } from "../protocol/Threads.ts"
import { Authentication } from "./Authentication.ts"
import { described } from "./Described.ts"
import { forUser } from "./ErrorSchemas.ts"
import { documents, requests, stream } from "./Examples.ts"

/** `{}`, the answer to deletions and feedback. The last document, because every object fits it. */
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
    forUser.AttachmentEmpty,
    forUser.AttachmentNameTooLong,
    // After the rows with its status: its sentence may be any.
    forUser.InvalidRequest,
    forUser.NotFound,
    forUser.Conflict,
    forUser.AttachmentSpaceFull,
    forUser.AttachmentTooLarge,
    forUser.AttachmentTypeRefused,
    forUser.TooMany,
    forUser.ResponderFailed,
    forUser.Unavailable,
    forUser.BodyTooLarge,
    forUser.Refused415,
    forUser.Refused500
  ]
}).annotateMerge(
  described({
    summary: "Send a ChatKit request",
    description: [
      'The one URL of ChatKit\'s protocol. `type` names one of sixteen operations; the short form `{"message": "Hello"}` is for a terminal.',
      "`threads.create`, `threads.add_user_message`, `threads.add_client_tool_output`, `threads.add_structured_input`, `threads.retry_after_item` and `threads.custom_action` are answered with a stream of events (`text/event-stream`), all others with one JSON document.",
      "A failure after the stream has begun is its last event, of type `error`. With `text/event-stream` in `Accept`, as ChatKit's client sends it, every refusal of an operation that streams has this form, too: the status is 200, and `message` is the sentence that has a status otherwise."
    ].join("\n\n"),
    request: { "application/json": { examples: requests } },
    success: {
      description: "One JSON document, or events until the turn is over",
      content: {
        "application/json": { examples: documents },
        "text/event-stream": { examples: { "threads.create": { value: stream } } }
      }
    }
  })
)

/** ChatKit's one URL. Authentication is outermost: it decides before a byte of the body is read. */
export class SupportApi extends HttpApiGroup.make("support")
  .add(chatkit)
  .middleware(Authentication)
  .annotate(OpenApi.Description, "ChatKit's protocol, for authenticated users.") {}
