import { Schema } from "effect"
import { IconName } from "./Icons.ts"
import { ThreadItem } from "./Items.ts"
import { defaulted, FreeForm, optional } from "./Lenient.ts"
import { Thread } from "./Threads.ts"
import { ThreadItemUpdate } from "./ItemUpdates.ts"

export const StreamOptions = Schema.Struct({ allow_cancel: Schema.Boolean })
export type StreamOptions = typeof StreamOptions.Type

/** `stream.error` is worded by the client, `custom` by `message`; the client knows no other code. */
export const ErrorEvent = Schema.Struct({
  type: Schema.Literal("error"),
  code: defaulted(Schema.String, "custom"),
  message: optional(Schema.String),
  allow_retry: defaulted(Schema.Boolean, false)
})
export type ErrorEvent = typeof ErrorEvent.Type

/** What a responder may say during a turn. */
export const ResponseEvent = Schema.Union([
  Schema.Struct({
    type: Schema.Literals(["thread.item.added", "thread.item.done", "thread.item.replaced"]),
    item: ThreadItem
  }),
  Schema.Struct({
    type: Schema.Literal("thread.item.updated"),
    item_id: Schema.String,
    update: ThreadItemUpdate
  }),
  Schema.Struct({ type: Schema.Literal("thread.item.removed"), item_id: Schema.String }),
  Schema.Struct({ type: Schema.Literal("stream_options"), stream_options: StreamOptions }),
  Schema.Struct({
    type: Schema.Literal("progress_update"),
    icon: optional(IconName),
    text: Schema.String
  }),
  Schema.Struct({
    type: Schema.Literal("client_effect"),
    name: Schema.String,
    data: defaulted(FreeForm, {})
  }),
  Schema.Struct({
    type: Schema.Literal("notice"),
    level: Schema.Literals(["info", "warning", "danger"]),
    message: Schema.String,
    title: optional(Schema.String)
  }),
  ErrorEvent
])
export type ResponseEvent = typeof ResponseEvent.Type

/** The same as a responder may write it: what has a default can be left out, null is no value. */
export type ResponseEventInput = typeof ResponseEvent.Encoded

/** One `data:` line of an answer that streams. */
export const ThreadStreamEvent = Schema.Union([
  Schema.Struct({ type: Schema.Literals(["thread.created", "thread.updated"]), thread: Thread }),
  ...ResponseEvent.members
])
export type ThreadStreamEvent = typeof ThreadStreamEvent.Type

/** The last event of a turn that broke off: nothing internal, and the client offers a retry. */
export const brokenOff: ErrorEvent = { type: "error", code: "stream.error", allow_retry: true }
