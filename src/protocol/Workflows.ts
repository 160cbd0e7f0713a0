import { Schema } from "effect"
import { IconName } from "./Icons.ts"
import { defaulted, optional } from "./Lenient.ts"
import { FileSource, UrlSource } from "./Sources.ts"

const task = {
  status_indicator: defaulted(Schema.Literals(["none", "loading", "complete"]), "none")
}

export const Task = Schema.Union([
  Schema.Struct({
    ...task,
    type: Schema.Literal("custom"),
    title: optional(Schema.String),
    icon: optional(IconName),
    content: optional(Schema.String)
  }),
  Schema.Struct({
    ...task,
    type: Schema.Literal("web_search"),
    title: optional(Schema.String),
    title_query: optional(Schema.String),
    queries: defaulted(Schema.Array(Schema.String), []),
    sources: defaulted(Schema.Array(UrlSource), [])
  }),
  Schema.Struct({
    ...task,
    type: Schema.Literal("thought"),
    title: optional(Schema.String),
    content: Schema.String
  }),
  Schema.Struct({
    ...task,
    type: Schema.Literal("file"),
    title: optional(Schema.String),
    sources: defaulted(Schema.Array(FileSource), [])
  }),
  Schema.Struct({ ...task, type: Schema.Literal("image"), title: optional(Schema.String) })
])
export type Task = typeof Task.Type

/** The line that stands for a collapsed workflow; `duration` in whole seconds. */
export const WorkflowSummary = Schema.Union([
  Schema.Struct({ title: Schema.String, icon: optional(IconName) }),
  Schema.Struct({ duration: Schema.Int })
])

export const Workflow = Schema.Struct({
  type: Schema.Literals(["custom", "reasoning"]),
  tasks: Schema.Array(Task),
  summary: optional(WorkflowSummary),
  expanded: defaulted(Schema.Boolean, false)
})
export type Workflow = typeof Workflow.Type
