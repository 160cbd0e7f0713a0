import { Schema } from "effect"
import { Action } from "./Actions.ts"
import { InferenceOptions, UserMessageContent } from "./Items.ts"
import { defaulted, FreeForm, Json, LenientInt } from "./Lenient.ts"
import { StructuredInputSubmission } from "./StructuredInputs.ts"

export const UserMessageInput = Schema.Struct({
  content: Schema.Array(UserMessageContent),
  attachments: Schema.Array(Schema.String),
  inference_options: InferenceOptions,
  quoted_text: defaulted(Schema.NullOr(Schema.String), null)
})
export type UserMessageInput = typeof UserMessageInput.Type

const operation = <const T extends string, F extends Schema.Struct.Fields>(
  type: T,
  params: F,
  description: string
) =>
  Schema.Struct({
    type: Schema.Literal(type),
    params: Schema.Struct(params),
    metadata: defaulted(FreeForm, {})
  }).annotate({ identifier: type, title: type, description })

const thread_id = Schema.String
const item_id = Schema.String

const page = {
  limit: defaulted(Schema.NullOr(LenientInt), null),
  order: defaulted(Schema.Literals(["asc", "desc"]), "desc"),
  after: defaulted(Schema.NullOr(Schema.String), null)
}

const customAction = {
  thread_id,
  item_id: defaulted(Schema.NullOr(item_id), null),
  action: Action
}

const NonStreamingOperation = Schema.Union([
  operation("threads.get_by_id", { thread_id }, "Reads a thread with its first 20 items."),
  operation("threads.list", page, "Lists the threads of the user, one page at a time."),
  operation("threads.update", { thread_id, title: Schema.String }, "Renames a thread."),
  operation("threads.delete", { thread_id }, "Deletes a thread and everything in it."),
  operation(
    "items.list",
    { thread_id, ...page },
    "Lists the items of a thread, one page at a time."
  ),
  operation(
    "items.feedback",
    {
      thread_id,
      item_ids: Schema.Array(item_id),
      kind: Schema.Literals(["positive", "negative"])
    },
    "Tells the responder what the user thinks of some items."
  ),
  operation(
    "attachments.create",
    {
      name: Schema.String,
      size: LenientInt.check(
        Schema.makeFilter((bytes) => bytes >= 0 || "must be a number of bytes, 0 or more")
      ),
      mime_type: Schema.String
    },
    "Announces an attachment; the answer says where to upload its bytes."
  ),
  operation("attachments.delete", { attachment_id: Schema.String }, "Deletes an attachment."),
  operation(
    "input.transcribe",
    { audio_base64: Schema.String, mime_type: Schema.String },
    "Turns dictated audio into text."
  ),
  operation(
    "threads.sync_custom_action",
    customAction,
    "Handles an action of a widget; the answer is the updated item, if any."
  )
])
/** The operations that are answered with one JSON document. */
export type NonStreamingOperation = typeof NonStreamingOperation.Type

const StreamingOperation = Schema.Union([
  operation(
    "threads.create",
    { input: UserMessageInput },
    "Creates a thread with a first message; the answer is streamed."
  ),
  operation(
    "threads.add_user_message",
    { thread_id, input: UserMessageInput },
    "Adds a message to a thread; the answer is streamed."
  ),
  operation(
    "threads.add_client_tool_output",
    { thread_id, result: Json },
    "Returns the output of a client tool call; the answer goes on as a stream."
  ),
  operation(
    "threads.add_structured_input",
    {
      thread_id,
      item_id,
      input: StructuredInputSubmission
    },
    "Answers the questions of a structured input; the answer goes on as a stream."
  ),
  operation(
    "threads.retry_after_item",
    { thread_id, item_id },
    "Replaces everything after an item with another answer, which is streamed."
  ),
  operation(
    "threads.custom_action",
    customAction,
    "Handles an action of a widget; what it leads to is streamed."
  )
])
/** The operations that are answered with a stream of events. */
export type StreamingOperation = typeof StreamingOperation.Type

const operations = [...NonStreamingOperation.members, ...StreamingOperation.members] as const
export type Operation = NonStreamingOperation | StreamingOperation

const typesOf = (members: ReadonlyArray<(typeof operations)[number]>): ReadonlyArray<string> =>
  members.map((member) => member.fields.type.literal)

/** The types of all operations, in the order in which error messages list them. */
export const operationTypes = typesOf(operations)

const streamingTypes: ReadonlySet<string> = new Set(typesOf(StreamingOperation.members))

export const isStreamingType = (type: string): boolean => streamingTypes.has(type)

export const isStreaming = (operation: Operation): operation is StreamingOperation =>
  isStreamingType(operation.type)

/** The parameters of the operation with type `T`. */
export type Params<T extends Operation["type"]> = Extract<Operation, { readonly type: T }>["params"]

export const Shorthand = Schema.Struct({
  type: Schema.optionalKey(Schema.Never),
  message: Schema.String,
  thread_id: Schema.optionalKey(Schema.String)
}).annotate({
  identifier: "Shorthand",
  title: "message (short form)",
  description: "For a terminal: creates a thread with this text, or adds it to `thread_id`."
})

/** The body of `POST /support/chatkit`. */
export const ChatKitRequest = Schema.Union([...operations, Shorthand]).annotate({
  identifier: "ChatKitRequest"
})
export type ChatKitRequest = typeof ChatKitRequest.Type

/** Turns the short form into the operation that it stands for. */
export const expandShorthand = (request: ChatKitRequest): Operation => {
  if (request.type !== undefined) return request
  const { message, thread_id } = request
  const input: UserMessageInput = {
    content: [{ type: "input_text", text: message }],
    attachments: [],
    inference_options: {},
    quoted_text: null
  }
  return thread_id === undefined
    ? { type: "threads.create", params: { input }, metadata: {} }
    : { type: "threads.add_user_message", params: { thread_id, input }, metadata: {} }
}
