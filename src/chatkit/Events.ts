import { Schema } from "effect"
import { AssistantMessageContent, Thread, ThreadItem } from "./Entities.ts"

const ItemUpdate = Schema.Union([
  Schema.Struct({
    type: Schema.Literals([
      "assistant_message.content_part.added",
      "assistant_message.content_part.done"
    ]),
    content_index: Schema.Int,
    content: AssistantMessageContent
  }),
  Schema.Struct({
    type: Schema.Literal("assistant_message.content_part.text_delta"),
    content_index: Schema.Int,
    delta: Schema.String
  })
])

/** What a responder may say during a turn. */
export const ResponseEvent = Schema.Union([
  Schema.Struct({
    type: Schema.Literals(["thread.item.added", "thread.item.done"]),
    item: ThreadItem
  }),
  Schema.Struct({
    type: Schema.Literal("thread.item.updated"),
    item_id: Schema.String,
    update: ItemUpdate
  })
])
export type ResponseEvent = typeof ResponseEvent.Type

/** One `data:` line of an answer that streams. */
export const ThreadStreamEvent = Schema.Union([
  Schema.Struct({ type: Schema.Literals(["thread.created", "thread.updated"]), thread: Thread }),
  ...ResponseEvent.members,
  Schema.Struct({
    type: Schema.Literal("stream_options"),
    stream_options: Schema.Struct({ allow_cancel: Schema.Boolean })
  }),
  Schema.Struct({
    type: Schema.Literal("error"),
    code: Schema.String,
    message: Schema.optionalKey(Schema.String),
    allow_retry: Schema.Boolean
  })
])
export type ThreadStreamEvent = typeof ThreadStreamEvent.Type

/** The last event of a turn that broke off: nothing internal, and the client offers a retry. */
export const brokenOff: ThreadStreamEvent = {
  type: "error",
  code: "stream.error",
  allow_retry: true
}
