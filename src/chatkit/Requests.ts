import { Schema } from "effect"
import { defaulted, InferenceOptions, LaxInt, UserMessageContent } from "./Entities.ts"

export const UserMessageInput = Schema.Struct({
  content: Schema.Array(UserMessageContent),
  attachments: Schema.Array(Schema.String),
  inference_options: InferenceOptions,
  quoted_text: defaulted(Schema.NullOr(Schema.String), null)
})
export type UserMessageInput = typeof UserMessageInput.Type

const operation = <const T extends string, F extends Schema.Struct.Fields>(type: T, params: F) =>
  Schema.Struct({
    type: Schema.Literal(type),
    params: Schema.Struct(params),
    metadata: defaulted(Schema.Record(Schema.String, Schema.Json), {})
  })

export const ThreadsCreate = operation("threads.create", { input: UserMessageInput })

export const ThreadsAddUserMessage = operation("threads.add_user_message", {
  thread_id: Schema.String,
  input: UserMessageInput
})

export const ThreadsList = operation("threads.list", {
  limit: defaulted(Schema.NullOr(LaxInt), null),
  order: defaulted(Schema.Literals(["asc", "desc"]), "desc"),
  after: defaulted(Schema.NullOr(Schema.String), null)
})

export const ThreadsGetById = operation("threads.get_by_id", { thread_id: Schema.String })

/** For people with a terminal: short for creating a thread with this text, or adding it to one. */
export const Shorthand = Schema.Struct({
  type: Schema.optionalKey(Schema.Never),
  message: Schema.String,
  thread_id: Schema.optionalKey(Schema.String)
})

const Operation = Schema.Union([ThreadsCreate, ThreadsAddUserMessage, ThreadsList, ThreadsGetById])
export type Operation = typeof Operation.Type

/** The body of `POST /support/chatkit`. */
export const ChatKitRequest = Schema.Union([...Operation.members, Shorthand]).annotate({
  identifier: "ChatKitRequest"
})
export type ChatKitRequest = typeof ChatKitRequest.Type

export const operationTypes: ReadonlyArray<string> = Operation.members.map(
  (member) => member.fields.type.literal
)

/** A request in full, whichever way it was written. */
export const inFull = (request: ChatKitRequest): Operation => {
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
