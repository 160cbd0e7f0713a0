import type { Action } from "../Actions.ts"
import { isNode, type Node, withoutNulls } from "../Json.ts"
import type { WidgetRoot } from "./AnyWidget.ts"

/**
 * Whether the widget contains this action, with this payload. A client can send any action at any
 * time: one that was clicked before, or one that no widget ever had. The fields of a form add
 * members to the payload of its action, so the payload may have more members than the widget says.
 */
export const offersAction = (widget: WidgetRoot, { payload, type }: Action): boolean => {
  const given = withoutNulls(payload)
  const pending: Array<{ readonly node: Node; readonly isAction: boolean }> = [
    { node: withoutNulls(widget) as unknown as Node, isAction: false }
  ]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { isAction, node } = next
    if (isAction) {
      if (node["type"] === type && contains(given, node["payload"])) return true
      continue
    }
    for (const [key, value] of Object.entries(node)) {
      if (isNode(value)) pending.push({ node: value, isAction: actionFields.has(key) })
    }
  }
  return false
}

/** The fields of components that hold an action; `action` is that of a card's two buttons. */
const actionFields = new Set(["onClickAction", "onChangeAction", "onSubmitAction", "action"])

/** Whether `given` is `wanted`, or objects with more members at any depth. */
const contains = (given: unknown, wanted: unknown): boolean => {
  if (wanted === undefined) return true
  const pending: Array<{ given: unknown; wanted: unknown }> = [{ given, wanted }]
  for (let pair = pending.pop(); pair !== undefined; pair = pending.pop()) {
    const { given, wanted } = pair
    if (!isNode(wanted) || !isNode(given)) {
      if (given !== wanted) return false
      continue
    }
    const keys = Object.keys(wanted)
    if (Array.isArray(wanted) !== Array.isArray(given)) return false
    if (Array.isArray(wanted) && wanted.length !== Object.keys(given).length) return false
    for (const key of keys) {
      if (!Object.hasOwn(given, key)) return false
      pending.push({ given: given[key], wanted: wanted[key] })
    }
  }
  return true
}
