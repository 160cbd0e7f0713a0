import { Schema } from "effect"
import { AnyWidgetComponent, WidgetRoot } from "./AnyWidget.ts"

export const ValueDelta = Schema.Struct({
  type: Schema.Literal("widget.streaming_text.value_delta"),
  component_id: Schema.String,
  delta: Schema.String,
  done: Schema.Boolean
})
export type ValueDelta = typeof ValueDelta.Type

export const ComponentUpdated = Schema.Struct({
  type: Schema.Literal("widget.component.updated"),
  component_id: Schema.String,
  component: AnyWidgetComponent
})
export type ComponentUpdated = typeof ComponentUpdated.Type

export const RootUpdated = Schema.Struct({
  type: Schema.Literal("widget.root.updated"),
  widget: WidgetRoot
})
export type RootUpdated = typeof RootUpdated.Type

/** A change of a widget that the client already shows. */
export const WidgetUpdate = Schema.Union([ValueDelta, ComponentUpdated, RootUpdated])
export type WidgetUpdate = typeof WidgetUpdate.Type
