import { Schema } from "effect"
import { Attachment } from "./Attachments.ts"
import { defaulted, FreeForm, Json, optional } from "./Lenient.ts"
import { Annotation } from "./Sources.ts"
import { StructuredInput } from "./StructuredInputs.ts"
import { WidgetRoot } from "./widgets/AnyWidget.ts"
import { Task, Workflow } from "./Workflows.ts"

/**
 * The items of a thread. Field names and order are those of OpenAI's reference server: defaults are
 * written, and missing fields are left out.
 */

export const UserMessageContent = Schema.Union([
  Schema.Struct({ type: Schema.Literal("input_text"), text: Schema.String }),
  Schema.Struct({
    type: Schema.Literal("input_tag"),
    id: Schema.String,
    text: Schema.String,
    data: FreeForm,
    group: optional(Schema.String),
    interactive: defaulted(Schema.Boolean, false)
  })
])
export type UserMessageContent = typeof UserMessageContent.Type

/** The tool and model that the person selected in the composer; the responder defines both ids. */
export const InferenceOptions = Schema.Struct({
  tool_choice: optional(Schema.Struct({ id: Schema.String })),
  model: optional(Schema.String)
})
export type InferenceOptions = typeof InferenceOptions.Type

export const AssistantMessageContent = Schema.Struct({
  annotations: defaulted(Schema.Array(Annotation), []),
  text: Schema.String,
  type: Schema.Literal("output_text")
}).annotate({ identifier: "AssistantMessageContent" })
export type AssistantMessageContent = typeof AssistantMessageContent.Type

export const GeneratedImage = Schema.Struct({ id: Schema.String, url: Schema.String })
export type GeneratedImage = typeof GeneratedImage.Type

/**
 * The fields that every item has. `created_at` is ISO 8601 in UTC with `Z`, because ChatKit's client
 * reads a time without a zone as local time.
 */
const item = { id: Schema.String, thread_id: Schema.String, created_at: Schema.String }
export interface ItemBase {
  readonly id: string
  readonly thread_id: string
  readonly created_at: string
}

export const UserMessageItem = Schema.Struct({
  ...item,
  type: Schema.Literal("user_message"),
  content: Schema.Array(UserMessageContent),
  attachments: defaulted(Schema.Array(Attachment), []),
  quoted_text: optional(Schema.String),
  inference_options: InferenceOptions
}).annotate({ identifier: "UserMessageItem", title: "user_message" })
export type UserMessageItem = typeof UserMessageItem.Type

export const AssistantMessageItem = Schema.Struct({
  ...item,
  type: Schema.Literal("assistant_message"),
  content: Schema.Array(AssistantMessageContent)
}).annotate({ identifier: "AssistantMessageItem", title: "assistant_message" })
export type AssistantMessageItem = typeof AssistantMessageItem.Type

export const ClientToolCallItem = Schema.Struct({
  ...item,
  type: Schema.Literal("client_tool_call"),
  status: defaulted(Schema.Literals(["pending", "completed"]), "pending"),
  call_id: Schema.String,
  name: Schema.String,
  arguments: FreeForm,
  output: optional(Json)
}).annotate({ identifier: "ClientToolCallItem", title: "client_tool_call" })
export type ClientToolCallItem = typeof ClientToolCallItem.Type

export const WidgetItem = Schema.Struct({
  ...item,
  type: Schema.Literal("widget"),
  widget: WidgetRoot,
  copy_text: optional(Schema.String)
}).annotate({ identifier: "WidgetItem", title: "widget" })
export type WidgetItem = typeof WidgetItem.Type

export const GeneratedImageItem = Schema.Struct({
  ...item,
  type: Schema.Literal("generated_image"),
  image: optional(GeneratedImage)
}).annotate({ identifier: "GeneratedImageItem", title: "generated_image" })
export type GeneratedImageItem = typeof GeneratedImageItem.Type

export const StructuredInputItem = Schema.Struct({
  ...item,
  type: Schema.Literal("structured_input"),
  status: defaulted(Schema.Literals(["pending", "answered", "skipped"]), "pending"),
  inputs: Schema.Array(StructuredInput)
}).annotate({ identifier: "StructuredInputItem", title: "structured_input" })
export type StructuredInputItem = typeof StructuredInputItem.Type

export const TaskItem = Schema.Struct({
  ...item,
  type: Schema.Literal("task"),
  task: Task
}).annotate({ identifier: "TaskItem", title: "task" })
export type TaskItem = typeof TaskItem.Type

export const WorkflowItem = Schema.Struct({
  ...item,
  type: Schema.Literal("workflow"),
  workflow: Workflow
}).annotate({ identifier: "WorkflowItem", title: "workflow" })
export type WorkflowItem = typeof WorkflowItem.Type

/** Tells the client to begin a new block. It draws nothing. */
export const EndOfTurnItem = Schema.Struct({
  ...item,
  type: Schema.Literal("end_of_turn")
}).annotate({ identifier: "EndOfTurnItem", title: "end_of_turn" })

/** For the responder only: it is stored and never sent to a client. */
export const HiddenContextItem = Schema.Struct({
  ...item,
  type: Schema.Literal("hidden_context_item"),
  content: Json
}).annotate({ identifier: "HiddenContextItem", title: "hidden_context_item" })

/** A hidden item that the server writes itself, for example after a turn was cancelled. */
export const SdkHiddenContextItem = Schema.Struct({
  ...item,
  type: Schema.Literal("sdk_hidden_context"),
  content: Schema.String
}).annotate({ identifier: "SdkHiddenContextItem", title: "sdk_hidden_context" })

export const ThreadItem = Schema.Union([
  UserMessageItem,
  AssistantMessageItem,
  ClientToolCallItem,
  WidgetItem,
  GeneratedImageItem,
  StructuredInputItem,
  TaskItem,
  WorkflowItem,
  EndOfTurnItem,
  HiddenContextItem,
  SdkHiddenContextItem
]).annotate({ identifier: "ThreadItem" })
export type ThreadItem = typeof ThreadItem.Type

export const isHidden = ({ type }: ThreadItem): boolean =>
  type === "hidden_context_item" || type === "sdk_hidden_context"

/** Whether a person can read something in it. A cancelled answer is stored only if so. */
export const hasText = (item: ThreadItem): boolean =>
  item.type === "assistant_message" && item.content.some(({ text }) => text.trim() !== "")
