import { isNode, type Node, withoutNulls } from "../Json.ts"
import type { WidgetRoot } from "./AnyWidget.ts"
import type { RootUpdated, ValueDelta, WidgetUpdate } from "./Updates.ts"

/**
 * The updates that turn `before` into `after` on the client: none, the text appended to components
 * with a unique id, or the whole widget. Nulls count as missing.
 */
export const difference = (
  before: WidgetRoot,
  after: WidgetRoot
): ReadonlyArray<ValueDelta | RootUpdated> => {
  const widget = withoutNulls(after)
  return appendedTexts(withoutNulls(before), widget) ?? [{ type: "widget.root.updated", widget }]
}

/** The appended texts in the order of the widget; undefined when anything else has changed. */
const appendedTexts = (before: unknown, after: unknown): ReadonlyArray<ValueDelta> | undefined => {
  const deltas: Array<ValueDelta> = []
  const ids = new Map<unknown, number>()
  const pending = [{ before, after, isComponent: true }]
  for (let pair = pending.pop(); pair !== undefined; pair = pending.pop()) {
    const { after, before, isComponent } = pair
    if (before === after) continue
    if (!isNode(before) || !isNode(after)) return undefined
    const isList = Array.isArray(after)
    const keys = Object.keys(after)
    if (isList !== Array.isArray(before) || keys.length !== Object.keys(before).length) {
      return undefined
    }
    if (isComponent && !isList) ids.set(after["id"], (ids.get(after["id"]) ?? 0) + 1)
    for (const key of keys.toReversed()) {
      if (!Object.hasOwn(before, key)) return undefined
      const delta = isComponent && key === "value" ? appendedTo(before, after) : undefined
      if (delta !== undefined) deltas.push(delta)
      else {
        const isChild = isComponent && (isList || key === "children")
        pending.push({ before: before[key], after: after[key], isComponent: isChild })
      }
    }
  }
  return deltas.every(({ component_id }) => ids.get(component_id) === 1) ? deltas : undefined
}

const appendedTo = (before: Node, after: Node): ValueDelta | undefined => {
  const { id, streaming, type, value } = after
  const text = before["value"]
  const isText = type === "Text" || type === "Markdown"
  if (!isText || typeof id !== "string" || id === "") return undefined
  if (typeof text !== "string" || typeof value !== "string" || text === value) return undefined
  if (!value.startsWith(text)) return undefined
  return {
    type: "widget.streaming_text.value_delta",
    component_id: id,
    delta: value.slice(text.length),
    done: streaming === undefined || streaming === false
  }
}

/**
 * Applies an update as ChatKit's client does. If several components have the id, only the first one
 * changes. An unknown id, or a component without text to append to, changes nothing.
 */
export const apply = (widget: WidgetRoot, update: WidgetUpdate): WidgetRoot => {
  if (update.type === "widget.root.updated") return update.widget
  const found = find(widget, update.component_id)
  if (found === undefined) return widget
  let changed: unknown
  if (update.type === "widget.component.updated") changed = update.component
  else {
    const { streaming, value } = found.value
    if (typeof value !== "string") return widget
    const isDone = update.done && streaming !== undefined
    changed = {
      ...found.value,
      value: value + update.delta,
      ...(isDone ? { streaming: false } : {})
    }
  }
  for (let place: Place | undefined = found; place.parent !== undefined; place = place.parent) {
    const parent: Node = place.parent.value
    const copy = (Array.isArray(parent) ? parent.slice() : { ...parent }) as Node
    copy[place.key] = changed
    changed = copy
  }
  return changed as WidgetRoot
}

interface Place {
  readonly value: Node
  readonly key: string
  readonly parent: Place | undefined
}

const find = (widget: WidgetRoot, id: string): Place | undefined => {
  const pending: Array<Place> = [{ value: widget as unknown as Node, key: "", parent: undefined }]
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    const { value } = place
    const isList = Array.isArray(value)
    if (!isList && value["id"] === id) return place
    for (const key of isList ? Object.keys(value).toReversed() : ["children"]) {
      const child = value[key]
      if (isNode(child)) pending.push({ value: child, key, parent: place })
    }
  }
  return undefined
}
