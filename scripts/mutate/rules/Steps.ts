import type { Edit } from "../Mutant.ts"
import { calleeOf, child, children, type Node, type Visit } from "./Syntax.ts"

/** Operations of Effect around a first argument that would run without them, too. */
const around = new Set(
  [
    "andThen",
    "catch",
    "catchTag",
    "ensuring",
    "filterOrFail",
    "ignore",
    "onExit",
    "onInterrupt",
    "raceFirst",
    "retry",
    "tap",
    "tapError",
    "timeoutOption",
    "timeoutOrElse",
    "uninterruptible"
  ].map((name) => `Effect.${name}`)
)

/** Methods that refine what they are called on. */
const refining = new Set(
  ["filter", "flat", "reverse", "slice", "sort", "toLowerCase", "trim", "trimEnd"].map(
    (name) => `.${name}`
  )
)

const twins: Readonly<Record<string, string>> = {
  ".some": "every",
  ".every": "some",
  ".startsWith": "endsWith",
  ".endsWith": "startsWith",
  "Math.min": "max",
  "Math.max": "min",
  "Math.floor": "ceil",
  "Math.ceil": "floor"
}

/** A member of a list together with the comma that goes with it. */
const withoutMember = (kind: string, members: ReadonlyArray<Node>, n: number): Edit => {
  const [before, member, after] = [members[n - 1], members[n]!, members[n + 1]]
  if (after !== undefined) return { kind, start: member.start, end: after.start, text: "" }
  return { kind, start: before?.end ?? member.start, end: member.end, text: "" }
}

const calls = (source: string, node: Node): ReadonlyArray<Edit> => {
  const name = calleeOf(node)
  const given = children(node, "arguments")
  const [first, second] = given
  const { end, start } = node
  const as = (kind: string, part: Node | undefined) =>
    part === undefined ? [] : [{ kind, start, end, text: source.slice(part.start, part.end) }]

  if (name.endsWith(".pipe")) return given.map((_, n) => withoutMember("step", given, n))
  if (name === "Effect.andThen") {
    return second === undefined ? [] : [...as("step", first), ...as("step", second)]
  }
  if (around.has(name)) {
    const alone = name === "Effect.uninterruptible" || name === "Effect.ignore"
    return alone || second !== undefined ? as("step", first) : []
  }
  const callee = child(node, "callee")
  if (refining.has(name)) return as("method", child(callee, "object"))
  const [property, twin] = [child(callee, "property"), twins[name]]
  return property === undefined || twin === undefined
    ? []
    : [{ kind: "method", start: property.start, end: property.end, text: twin }]
}

/** The names of errors that a file imports. */
const errorsIn = (source: string): ReadonlyArray<string> =>
  [...source.matchAll(/^import (?!type)\{([^}]*)\} from "[^"]*\/Errors\.ts"/gm)]
    .flatMap(([, names = ""]) => names.split(","))
    .map((name) => name.trim())
    .filter((name) => /^[A-Z]/.test(name))

const otherError = (source: string, node: Node): ReadonlyArray<Edit> => {
  const callee = child(node, "callee")
  const errors = errorsIn(source)
  const n = errors.indexOf(String(callee?.["name"]))
  const other = errors[(n + 1) % errors.length]
  if (callee === undefined || n < 0 || other === undefined || errors.length < 2) return []
  return [{ kind: "error", start: callee.start, end: callee.end, text: other }]
}

/** Steps that are forgotten: statements, stages of a pipe, options; and errors taken for others. */
export const stepEdits = (source: string, { node }: Visit): ReadonlyArray<Edit> => {
  const { end, start } = node
  switch (node.type) {
    case "ExpressionStatement":
    case "ContinueStatement":
      return [{ kind: "statement", start, end, text: ";" }]
    case "CallExpression":
      return calls(source, node)
    case "NewExpression":
      return otherError(source, node)
    case "ObjectExpression": {
      const members = children(node, "properties")
      return members.map((_, n) => withoutMember("member", members, n))
    }
    default:
      return []
  }
}
