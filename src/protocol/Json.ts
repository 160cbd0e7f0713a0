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
 * The value with U+FFFD in place of half characters, in the names of fields too: an answer may be
 * stopped between the halves of an emoji, and no database or client is sure to take one. The value
 * itself where there are none.
 */
export const wellFormed = <A>(json: A): A => {
  const text = JSON.stringify(json)
  return mayHaveHalves(text) ? (JSON.parse(wellFormedText(text)) as A) : json
}

/** The same for a JSON text, without parsing it: to look at every value costs ten times as much. */
export const wellFormedText = (json: string): string =>
  mayHaveHalves(json)
    ? json.replace(escapes, (found) => (found[1] !== "\\" && found.length === 6 ? "\ufffd" : found))
    : json

/** In UTF-8 half a character can only be written as an escape. */
const mayHaveHalves = (json: string) => /\\ud[89a-f]/i.test(json)

/** Pairs of backslashes, so that none of them begins an escape; whole characters; halves. */
const escapes = /(?:\\\\)+|\\ud[89ab][\da-f]{2}\\ud[c-f][\da-f]{2}|\\ud[89a-f][\da-f]{2}/gi

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

/** About how many characters a JSON value is written with: its texts are counted without escapes. */
export const lengthOfJson = (value: unknown): number => {
  const pending: Array<unknown> = [value]
  let length = 0
  while (pending.length > 0) {
    const next = pending.pop()
    length += typeof next === "string" ? next.length + 3 : 3
    if (Array.isArray(next)) {
      for (const child of next) pending.push(child)
    } else if (isNode(next)) {
      for (const name of Object.keys(next)) {
        length += name.length + 3
        pending.push(next[name])
      }
    }
  }
  return length
}
