import type { Edit } from "../Mutant.ts"
import { calleeOf, children, type Node, type Visit } from "./Syntax.ts"

/** Names of spans and services: nothing depends on them. */
const isLabel = (value: string, { parents }: Visit): boolean => {
  const [parent] = parents
  if (/^effect-chatkit\/|^node:/.test(value)) return true
  return /^[A-Z]\w*\.\w+$/.test(value) && parent?.type !== "TSAsExpression"
}

/** Where a literal stands: those in the same place are easily taken for each other. */
const placeOf = ({ node, parents }: Visit): string => {
  const [parent] = parents
  if (parent === undefined) return ""
  if (parent.type === "CallExpression") {
    return `${calleeOf(parent)} ${children(parent, "arguments").indexOf(node)}`
  }
  return parent.type
}

const isWord = (value: unknown): value is string =>
  typeof value === "string" && /^[a-z]\w*$/i.test(value)

const isKey = ({ node, parents: [parent] }: Visit) =>
  parent?.["key"] === node || (parent?.type === "MemberExpression" && parent["property"] === node)

/** Words that stand where this one does, elsewhere in the file; else no word at all. */
const otherWord = (visit: Visit, all: ReadonlyArray<Visit>): string => {
  const place = placeOf(visit)
  const words = all
    .filter((other) => other.node.type === "Literal" && placeOf(other) === place)
    .map(({ node }) => node["value"])
    .filter(isWord)
  const own = words.indexOf(String(visit.node["value"]))
  return [...words.slice(own), ...words].find((word) => word !== visit.node["value"]) ?? ""
}

const numberFor = (raw: string): string | undefined => {
  const value = Number(raw.replaceAll("_", "").replace(/n$/, ""))
  if (!Number.isFinite(value)) return undefined
  const suffix = raw.endsWith("n") ? "n" : ""
  // One more is a mistake in a count, ten times as much in a time or a size.
  return `${value < 100 ? value + 1 : value * 10}${suffix}`
}

const patternEdits = ({
  pattern,
  flags
}: {
  pattern: string
  flags: string
}): ReadonlyArray<string> =>
  [
    pattern.startsWith("^") ? `/${pattern.slice(1)}/${flags}` : "",
    pattern.endsWith("$") ? `/${pattern.slice(0, -1)}/${flags}` : "",
    flags.includes("i") ? `/${pattern}/${flags.replace("i", "")}` : ""
  ].filter((text) => text !== "")

const literal = (visit: Visit, all: ReadonlyArray<Visit>): ReadonlyArray<string> => {
  const { node } = visit
  const value = node["value"]
  if ("regex" in node) return patternEdits(node["regex"] as { pattern: string; flags: string })
  if (typeof value === "boolean") return [String(!value)]
  if (typeof value === "number" || "bigint" in node) {
    return [numberFor(String(node["raw"]))].filter((text) => text !== undefined)
  }
  if (typeof value !== "string" || value === "" || isKey(visit) || isLabel(value, visit)) return []
  return [JSON.stringify(isWord(value) ? otherWord(visit, all) : "")]
}

const kindOf = (node: Node): string => ("regex" in node ? "pattern" : typeof node["value"])

/** Other constants, words taken for each other, texts and lists that are empty. */
export const valueEdits = (visit: Visit, all: ReadonlyArray<Visit>): ReadonlyArray<Edit> => {
  const { node, parents } = visit
  const { end, start } = node
  if (node.type === "Literal") {
    return literal(visit, all).map((text) => ({ kind: kindOf(node), start, end, text }))
  }
  if (node.type === "ArrayExpression" && children(node, "elements").length > 0) {
    return [{ kind: "list", start, end, text: "[]" }]
  }
  if (node.type === "TemplateLiteral" && parents[0]?.type !== "TaggedTemplateExpression") {
    return [{ kind: "string", start, end, text: '""' }]
  }
  return []
}
