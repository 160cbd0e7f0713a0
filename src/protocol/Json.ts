/** A widget may be as deep as a body of JSON lets it, so nothing here calls itself. */
export type Node = Record<string, unknown>

/** An object or a list; both have fields to look at. */
export const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null

const shallow = (node: Node): Node =>
  Array.isArray(node)
    ? (node.filter((entry) => entry !== null) as unknown as Node)
    : Object.fromEntries(Object.entries(node).filter(([, value]) => value !== null))

/**
 * A copy of a JSON value without its nulls, at any depth, entries of lists included: a null in a
 * widget means nothing, and ChatKit's client never sees one.
 */
export const withoutNulls = <A>(json: A): A => {
  if (!isNode(json)) return json
  const root = shallow(json)
  const open = [root]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const [key, value] of Object.entries(node)) {
      if (!isNode(value)) continue
      const copy = shallow(value)
      node[key] = copy
      open.push(copy)
    }
  }
  return root as A
}

/** Whether objects and lists lie in one another more than `limit` deep. */
export const isDeeperThan = (json: unknown, limit: number): boolean => {
  let level = [json].filter(isNode)
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > limit) return true
    level = level.flatMap((node) => Object.values(node).filter(isNode))
  }
  return false
}
