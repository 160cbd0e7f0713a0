import { isNode, type Node, withoutNulls } from "../Json.ts"
import type { AnyWidgetComponent, WidgetRoot } from "./Widgets.ts"

interface ValueDelta {
  readonly type: "widget.streaming_text.value_delta"
  readonly component_id: string
  readonly delta: string
  readonly done: boolean
}
interface RootUpdated {
  readonly type: "widget.root.updated"
  readonly widget: WidgetRoot
}
interface ComponentUpdated {
  readonly type: "widget.component.updated"
  readonly component_id: string
  readonly component: AnyWidgetComponent
}

/**
 * What a client has to be told to see `after` where it sees `before`: nothing, what was added to
 * texts that have an id of their own, or else the whole widget. Nulls count as absent.
 */
export const difference = (
  before: WidgetRoot,
  after: WidgetRoot
): ReadonlyArray<ValueDelta | RootUpdated> => {
  const widget = withoutNulls(after)
  return growth(withoutNulls(before), widget) ?? [{ type: "widget.root.updated", widget }]
}

/** The texts that grew, in the order they are read; undefined when anything else has changed. */
const growth = (before: unknown, after: unknown): ReadonlyArray<ValueDelta> | undefined => {
  const deltas: Array<ValueDelta> = []
  const ids = new Map<unknown, number>()
  const open = [{ before, after, isComponent: true }]
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
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
      const delta = isComponent && key === "value" ? added(before, after) : undefined
      if (delta !== undefined) deltas.push(delta)
      else {
        const isWithin = isComponent && (isList || key === "children")
        open.push({ before: before[key], after: after[key], isComponent: isWithin })
      }
    }
  }
  return deltas.every(({ component_id }) => ids.get(component_id) === 1) ? deltas : undefined
}

const added = (before: Node, after: Node): ValueDelta | undefined => {
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
 * The widget as a client has it after an update. When no component has the id, or it has no text
 * to add to, nothing changes; when several have it, the first one does.
 */
export const apply = (
  widget: WidgetRoot,
  update: ValueDelta | RootUpdated | ComponentUpdated
): WidgetRoot => {
  if (update.type === "widget.root.updated") return update.widget
  const found = find(widget, update.component_id)
  if (found === undefined) return widget
  let changed: unknown
  if (update.type === "widget.component.updated") changed = update.component
  else {
    const { streaming, value } = found.value
    if (typeof value !== "string") return widget
    const isOver = update.done && streaming !== undefined
    changed = {
      ...found.value,
      value: value + update.delta,
      ...(isOver ? { streaming: false } : {})
    }
  }
  for (let place: Place | undefined = found; place.within !== undefined; place = place.within) {
    const holder: Node = place.within.value
    const copy = (Array.isArray(holder) ? holder.slice() : { ...holder }) as Node
    copy[place.key] = changed
    changed = copy
  }
  return changed as WidgetRoot
}

interface Place {
  readonly value: Node
  readonly key: string
  readonly within: Place | undefined
}

const find = (widget: WidgetRoot, id: string): Place | undefined => {
  const open: Array<Place> = [{ value: widget as unknown as Node, key: "", within: undefined }]
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const { value } = place
    const isList = Array.isArray(value)
    if (!isList && value["id"] === id) return place
    for (const key of isList ? Object.keys(value).toReversed() : ["children"]) {
      const child = value[key]
      if (isNode(child)) open.push({ value: child, key, within: place })
    }
  }
  return undefined
}
