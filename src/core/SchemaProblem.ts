import type { SchemaAST, SchemaIssue } from "effect"

/** Why a schema rejects a value: the place, and a phrase that never quotes the value. */
export interface Problem {
  readonly path: ReadonlyArray<PropertyKey>
  /** The words for a right value, as `must be a string`: with the place before it, it is a sentence. */
  readonly problem: string
}

/** The path in the notation of code, for example `params.input.content[0]`. */
export const fieldOf = ({ path }: Problem): string =>
  path
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
    .join("")
    .replace(/^\./, "")

/**
 * The one problem to report. In a union, a problem for which `isUnintended` is true shows that the
 * author of the value did not mean that member.
 */
export const problemOf = (
  issue: SchemaIssue.Issue,
  isUnintended: (problem: Problem) => boolean = () => false
): Problem => firstProblem(issue, [], isUnintended)

const firstProblem = (
  issue: SchemaIssue.Issue,
  path: ReadonlyArray<PropertyKey>,
  isUnintended: (problem: Problem) => boolean
): Problem => {
  switch (issue._tag) {
    case "Pointer":
      return firstProblem(issue.issue, [...path, ...issue.path], isUnintended)
    case "Composite":
      return firstProblem(issue.issues[0], path, isUnintended)
    case "Encoding":
      return firstProblem(issue.issue, path, isUnintended)
    case "Filter": {
      const { annotations } = issue.filter
      return typeof annotations?.expected === "string"
        ? { path, problem: `must be ${annotations.expected}` }
        : firstProblem(issue.issue, path, isUnintended)
    }
    case "AnyOf":
      return ofUnion(
        issue.issues.map((member) => firstProblem(member, path, isUnintended)),
        path,
        issue.ast,
        isUnintended
      )
    case "MissingKey":
      return { path, problem: "is missing" }
    case "InvalidType":
      return { path, problem: `must be ${nameOf(issue.ast)}` }
    case "InvalidValue":
      // The protocol's own checks say what is right.
      return { path, problem: issue.annotations?.message ?? "must be another value" }
    default:
      return { path, problem: "must be another value" }
  }
}

/** The author of a value meant the member of the union whose `type` matches. */
const ofUnion = (
  problems: ReadonlyArray<Problem>,
  path: ReadonlyArray<PropertyKey>,
  union: SchemaAST.Union,
  isUnintended: (problem: Problem) => boolean
): Problem => {
  const whole = problems.find((problem) => problem.path.length === path.length)
  if (whole !== undefined) return whole
  const [first] = problems.filter(
    (problem) => problem.path[path.length] !== "type" && !isUnintended(problem)
  )
  if (first !== undefined) return first
  return path.length === 0
    ? { path: ["type"], problem: `must be ${oneOf(union.types.flatMap(typesOf))}` }
    : { path, problem: `must be ${nameOf(union)}` }
}

/** More names than these help nobody. */
const mostNames = 30

/** The values that a schema takes, for example `a list`, or `one of "asc", "desc"`. */
const nameOf = (ast: SchemaAST.AST): string => {
  const checked: unknown = ast.checks?.at(-1)?.annotations?.["expected"]
  if (typeof checked === "string") return checked
  switch (ast._tag) {
    case "String":
      return "a string"
    case "Number":
      return "a number"
    case "Boolean":
      return "true or false"
    case "Null":
      return "null"
    case "Literal":
      return JSON.stringify(String(ast.literal))
    case "TemplateLiteral":
      return "a string of another form"
    case "Arrays":
      return "a list"
    case "Objects":
      return "an object"
    case "Union":
      return nameOfUnion(ast)
    default:
      return "another value"
  }
}

const nameOfUnion = ({ types }: SchemaAST.Union): string => {
  const literals = types.filter(({ _tag }) => _tag === "Literal").map(nameOf)
  const kinds = types.flatMap(typesOf)
  const others = types.filter((type) => type._tag !== "Literal" && typesOf(type).length === 0)
  return [
    ...(literals.length === 0 ? [] : [oneOf(literals)]),
    ...(kinds.length === 0 ? [] : [`an object whose type is ${oneOf(kinds)}`]),
    ...new Set(others.map(nameOf))
  ].join(" or ")
}

const oneOf = (names: ReadonlyArray<string>): string =>
  names.length < 2
    ? names.join()
    : `one of ${names.slice(0, mostNames).join(", ")}${names.length > mostNames ? ", …" : ""}`

/** The values of the field `type` by which the members of a union are told apart. */
const typesOf = (ast: SchemaAST.AST): ReadonlyArray<string> => {
  if (ast._tag !== "Objects") return []
  const type = ast.propertySignatures.find(({ name }) => name === "type")?.type
  const types = type?._tag === "Union" ? type.types : type === undefined ? [] : [type]
  return types.flatMap((type) => (type._tag === "Literal" ? [nameOf(type)] : []))
}
