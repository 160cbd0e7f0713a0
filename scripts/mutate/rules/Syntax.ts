import { parseAst } from "vitest/node"

/** A node of the syntax tree (ESTree), as far as the rules look at it. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [key: string]: unknown
}

/** A node and those around it, the nearest first. */
export interface Visit {
  readonly node: Node
  readonly parents: ReadonlyArray<Node>
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "type" in value && "start" in value

/** The value of a key of a node, when that is a node. */
export const child = (node: Node | undefined, key: string): Node | undefined => {
  const value = node?.[key]
  return isNode(value) ? value : undefined
}

/** The nodes in a list that a key of a node holds. */
export const children = (node: Node, key: string): ReadonlyArray<Node> => {
  const value = node[key]
  return Array.isArray(value) ? value.filter(isNode) : []
}

/** Types, and names of other modules: a mistake there is the compiler's to find. */
const unvisited = new Set([
  "ImportDeclaration",
  "ExportAllDeclaration",
  "TSInterfaceDeclaration",
  "TSTypeAliasDeclaration",
  "TSTypeAnnotation",
  "TSTypeParameterInstantiation",
  "TSTypeParameterDeclaration",
  "TSClassImplements"
])

function* walk(node: Node, parents: ReadonlyArray<Node>): Generator<Visit> {
  if (unvisited.has(node.type)) return
  yield { node, parents }
  const around = [node, ...parents]
  for (const [key, value] of Object.entries(node)) {
    if (key === "typeAnnotation") continue
    for (const part of Array.isArray(value) ? value : [value]) {
      if (isNode(part)) yield* walk(part, around)
    }
  }
}

/** Every node of a TypeScript source that runs. */
export const visits = (source: string): ReadonlyArray<Visit> => {
  const program: unknown = parseAst(source, { lang: "ts" })
  return isNode(program) ? [...walk(program, [])] : []
}

/** The name of a called function: `Effect.map` and `sql` as written, `.map` of anything else. */
export const calleeOf = (call: Node): string => {
  const callee = child(call, "callee")
  if (callee?.type === "Identifier") return String(callee["name"])
  if (callee?.type !== "MemberExpression") return ""
  const object = child(callee, "object")
  const name = String(child(callee, "property")?.["name"] ?? "")
  const of = object?.type === "Identifier" ? String(object["name"]) : ""
  return /^[A-Z]/.test(of) ? `${of}.${name}` : `.${name}`
}
