import type { Edit } from "../Mutant.ts"
import { child, type Node, type Visit } from "./Syntax.ts"

const operators: Readonly<Record<string, string>> = {
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "===": "!==",
  "!==": "===",
  "+": "-",
  "-": "+",
  "*": "/",
  "/": "*",
  "%": "*",
  "&&": "||",
  "||": "&&",
  "+=": "-=",
  "-=": "+=",
  "??=": "="
}

const isText = (node: Node | undefined): boolean =>
  node !== undefined &&
  (typeof node["value"] === "string" ||
    node.type === "TemplateLiteral" ||
    (node["operator"] === "+" && (isText(child(node, "left")) || isText(child(node, "right")))))

const between = (source: string, left: Node, right: Node, operator: string): number =>
  source.slice(0, right.start).lastIndexOf(operator, right.start) >= left.end
    ? source.slice(0, right.start).lastIndexOf(operator)
    : -1

const nameOf: Readonly<Record<string, string>> = { LogicalExpression: "logic" }

/** Operators taken for each other, and operands forgotten. */
const binary = (source: string, node: Node): ReadonlyArray<Edit> => {
  const [left, right] = [child(node, "left"), child(node, "right")]
  const operator = String(node["operator"])
  const other = operators[operator]
  if (left === undefined || right === undefined) return []
  if (operator === "+" && (isText(left) || isText(right))) return []
  const start = between(source, left, right, operator)
  const kind = nameOf[node.type] ?? "operator"
  const swapped =
    other === undefined || start < 0
      ? []
      : [{ kind, start, end: start + operator.length, text: other }]
  if (node.type !== "LogicalExpression") return swapped
  const alone = (side: Node) => ({
    kind,
    start: node.start,
    end: node.end,
    text: source.slice(side.start, side.end)
  })
  // Whoever forgets a condition forgets either; whoever forgets a default keeps the value.
  return operator === "??" ? [alone(left)] : [...swapped, alone(left), alone(right)]
}

const always = (kind: string, node: Node | undefined, values: ReadonlyArray<string>) =>
  node === undefined ? [] : values.map((text) => ({ kind, start: node.start, end: node.end, text }))

/** Whether a node is all of a condition: that it always or never holds is tried, and is worse. */
const isTest = ({ node, parents: [parent] }: Visit) => child(parent, "test") === node

/** Conditions that are wrong, forgotten, or always or never hold. */
export const operatorEdits = (source: string, visit: Visit): ReadonlyArray<Edit> => {
  const { node } = visit
  if (isTest(visit) && /^[!=]==$|^!$/.test(String(node["operator"]))) return []
  switch (node.type) {
    case "BinaryExpression":
    case "LogicalExpression":
    case "AssignmentExpression":
      return binary(source, node)
    case "UnaryExpression":
      return node["operator"] === "!" || node["operator"] === "-"
        ? [{ kind: "negation", start: node.start, end: node.start + 1, text: "" }]
        : []
    case "UpdateExpression": {
      const text = source.slice(node.start, node.end)
      const other = text.includes("++") ? text.replace("++", "--") : text.replace("--", "++")
      return [{ kind: "operator", start: node.start, end: node.end, text: other }]
    }
    case "IfStatement":
      return always("guard", child(node, "test"), ["false", "true"])
    case "ConditionalExpression":
      return ["consequent", "alternate"].flatMap((key) => {
        const kept = child(node, key)
        return kept === undefined
          ? []
          : always("choice", node, [source.slice(kept.start, kept.end)])
      })
    default:
      return []
  }
}
