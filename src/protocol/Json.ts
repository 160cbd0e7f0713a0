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

/**
 * The value with U+FFFD in place of half characters: an answer may be stopped between the halves of
 * an emoji, and no database or client is sure to take one. The value itself where there are none.
 */
export const wellFormed = <A>(json: A): A => {
  const text = JSON.stringify(json)
  if (!/\\ud[89a-f]/.test(text)) return json
  return JSON.parse(text, (_, value: unknown) =>
    typeof value === "string" ? value.toWellFormed() : value
  ) as A
}

/** How deep JSON may be, and how many objects and lists it may have: each costs more than its text. */
export interface JsonBounds {
  readonly depth: number
  readonly nodes: number
}

/** Of any JSON: more than a person writes, and fewer levels than overflow `JSON.stringify`. */
const usual: JsonBounds = { depth: 1_000, nodes: 50_000 }

/**
 * Why a value is no JSON that is taken, if it is none: something that JSON has not, too deep, or
 * too many objects and lists. The name of a field before it makes a sentence. One walk, whatever
 * the value.
 */
export const jsonProblem = (
  value: unknown,
  { depth: maxDepth, nodes: maxNodes } = usual
): string | undefined => {
  if (!isNode(value)) return isJsonLeaf(value) ? undefined : "must be JSON"
  const pending: Array<Node> = [value]
  const depths: Array<number> = [1]
  let nodes = 1
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const depth = depths.pop()!
    if (depth > maxDepth) {
      return `is nested more than ${maxDepth.toLocaleString("en")} levels deep`
    }
    if (!Array.isArray(node) && !isPlain(node)) return "must be JSON"
    // Holes of a list and fields without a value are undefined, which is no JSON.
    const children: ReadonlyArray<unknown> = Array.isArray(node) ? node : Object.values(node)
    for (let i = 0; i < children.length; i++) {
      const child = children[i]
      if (!isNode(child)) {
        if (!isJsonLeaf(child)) return "must be JSON"
        continue
      }
      nodes += 1
      if (nodes > maxNodes) {
        return `has more than ${maxNodes.toLocaleString("en")} objects and lists`
      }
      pending.push(child)
      depths.push(depth + 1)
    }
  }
  return undefined
}

const isJsonLeaf = (value: unknown): boolean => {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true
    case "number":
      return Number.isFinite(value)
    default:
      return value === null
  }
}

const isPlain = (node: Node): boolean => {
  const prototype: unknown = Object.getPrototypeOf(node)
  return prototype === Object.prototype || prototype === null
}
