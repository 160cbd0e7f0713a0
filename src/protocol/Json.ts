/**
 * An object or a list. Deep JSON must not overflow the stack, so the functions of this file are not
 * recursive.
 */
export type Node = Record<string, unknown>

export const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null

const copyWithoutNulls = (node: Node): Node =>
  Array.isArray(node)
    ? (node.filter((entry) => entry !== null) as unknown as Node)
    : Object.fromEntries(Object.entries(node).filter(([, value]) => value !== null))

/**
 * A copy of a JSON value without nulls at any depth, including the entries of lists. The reference
 * server leaves them out of widgets.
 */
export const withoutNulls = <A>(json: A): A => {
  if (!isNode(json)) return json
  const root = copyWithoutNulls(json)
  const pending = [root]
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    for (const [key, value] of Object.entries(node)) {
      if (!isNode(value)) continue
      const copy = copyWithoutNulls(value)
      node[key] = copy
      pending.push(copy)
    }
  }
  return root as A
}

/** Whether objects and lists are nested more than `limit` levels deep. */
export const isDeeperThan = (json: unknown, limit: number): boolean => {
  let level = [json].filter(isNode)
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > limit) return true
    level = level.flatMap((node) => Object.values(node).filter(isNode))
  }
  return false
}
