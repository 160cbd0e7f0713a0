import { Schema } from "effect"
import { AssistantMessageContent, GeneratedImage } from "./Items.ts"
import { optional } from "./Lenient.ts"
import { Annotation } from "./Sources.ts"
import { WidgetUpdate } from "./widgets/Updates.ts"
import { Task } from "./Workflows.ts"

export const AssistantMessageUpdate = Schema.Union([
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
  }),
  Schema.Struct({
    type: Schema.Literal("assistant_message.content_part.annotation_added"),
    content_index: Schema.Int,
    annotation_index: Schema.Int,
    annotation: Annotation
  })
])
export type AssistantMessageUpdate = typeof AssistantMessageUpdate.Type

export const WorkflowUpdate = Schema.Struct({
  type: Schema.Literals(["workflow.task.added", "workflow.task.updated"]),
  task_index: Schema.Int,
  task: Task
})
export type WorkflowUpdate = typeof WorkflowUpdate.Type

export const GeneratedImageUpdate = Schema.Struct({
  type: Schema.Literal("generated_image.updated"),
  image: GeneratedImage,
  progress: optional(Schema.Finite)
})
export type GeneratedImageUpdate = typeof GeneratedImageUpdate.Type

/** A change of an item on the screen before the item is done. */
export const ThreadItemUpdate = Schema.Union([
  ...AssistantMessageUpdate.members,
  ...WidgetUpdate.members,
  WorkflowUpdate,
  GeneratedImageUpdate
]).annotate({ identifier: "ThreadItemUpdate" })
export type ThreadItemUpdate = typeof ThreadItemUpdate.Type

/** Whether the update appends text. Such updates are frequent, and each one is small. */
export const isDelta = ({ type }: ThreadItemUpdate): boolean =>
  type === "assistant_message.content_part.text_delta" ||
  type === "widget.streaming_text.value_delta"
