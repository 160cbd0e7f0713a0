import { Schema } from "effect"
import { IconName } from "./Icons.ts"
import { ThreadItem } from "./Items.ts"
import { defaulted, FreeForm, optional } from "./Lenient.ts"
import { Thread } from "./Threads.ts"
import { ThreadItemUpdate } from "./ItemUpdates.ts"

export const StreamOptions = Schema.Struct({ allow_cancel: Schema.Boolean })
export type StreamOptions = typeof StreamOptions.Type

/**
 * ChatKit's client knows two codes: for `stream.error` it shows a text of its own, for `custom` it
 * shows `message`.
 */
export const ErrorEvent = Schema.Struct({
  type: Schema.Literal("error"),
  code: defaulted(Schema.String, "custom"),
  message: optional(Schema.String),
  allow_retry: defaulted(Schema.Boolean, false)
}).annotate({ identifier: "ErrorEvent", title: "error", description: "The turn broke off." })
export type ErrorEvent = typeof ErrorEvent.Type

/** The events that a responder may send during a turn. */
export const ResponseEvent = Schema.Union([
  Schema.Struct({
    type: Schema.Literals(["thread.item.added", "thread.item.done", "thread.item.replaced"]),
    item: ThreadItem
  }).annotate({
    identifier: "ThreadItemEvent",
    title: "thread.item.added, done or replaced",
    description: "A whole item: begun, finished, or in place of the stored one with its id."
  }),
  Schema.Struct({
    type: Schema.Literal("thread.item.updated"),
    item_id: Schema.String,
    update: ThreadItemUpdate
  }).annotate({
    identifier: "ThreadItemUpdatedEvent",
    title: "thread.item.updated",
    description: "A change of an item that is being written, such as more text."
  }),
  Schema.Struct({ type: Schema.Literal("thread.item.removed"), item_id: Schema.String }).annotate({
    identifier: "ThreadItemRemovedEvent",
    title: "thread.item.removed",
    description: "The item is no longer part of the thread."
  }),
  Schema.Struct({ type: Schema.Literal("stream_options"), stream_options: StreamOptions }).annotate(
    {
      identifier: "StreamOptionsEvent",
      title: "stream_options",
      description: "Whether the user may cancel this turn."
    }
  ),
  Schema.Struct({
    type: Schema.Literal("progress_update"),
    icon: optional(IconName),
    text: Schema.String
  }).annotate({
    identifier: "ProgressUpdateEvent",
    title: "progress_update",
    description: "What the responder is doing; shown until the next item and not stored."
  }),
  Schema.Struct({
    type: Schema.Literal("client_effect"),
    name: Schema.String,
    data: defaulted(FreeForm, {})
  }).annotate({
    identifier: "ClientEffectEvent",
    title: "client_effect",
    description: "Runs the page's `onEffect` with this name and data."
  }),
  Schema.Struct({
    type: Schema.Literal("notice"),
    level: Schema.Literals(["info", "warning", "danger"]),
    message: Schema.String,
    title: optional(Schema.String)
  }).annotate({
    identifier: "NoticeEvent",
    title: "notice",
    description: "A message beside the thread; not stored."
  }),
  ErrorEvent
])
export type ResponseEvent = typeof ResponseEvent.Type

/**
 * The same event as a responder may write it: it can leave out fields that have a default, and an
 * optional field that is null counts as missing.
 */
export type ResponseEventInput = typeof ResponseEvent.Encoded

/** One `data:` line of a streamed answer. */
export const ThreadStreamEvent = Schema.Union([
  Schema.Struct({
    type: Schema.Literals(["thread.created", "thread.updated"]),
    thread: Thread
  }).annotate({
    identifier: "ThreadEvent",
    title: "thread.created or thread.updated",
    description: "The thread without its items."
  }),
  ...ResponseEvent.members
]).annotate({ identifier: "ThreadStreamEvent" })
export type ThreadStreamEvent = typeof ThreadStreamEvent.Type

/** The last event of a turn that failed: it says nothing internal, and the client offers a retry. */
export const brokenOff: ErrorEvent = { type: "error", code: "stream.error", allow_retry: true }
