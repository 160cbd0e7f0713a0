import type { SchemaIssue } from "effect"

/** What a schema has against a value: where, and in words that never quote the value. */
export interface Problem {
  readonly path: ReadonlyArray<PropertyKey>
  readonly problem: string
}

/** The path as one would write it in code, as in `params.input.content[0]`. */
export const fieldOf = ({ path }: Problem): string =>
  path
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
    .join("")
    .replace(/^\./, "")

/** The one problem to tell; `isNone` says which is that of a member nobody meant. */
export const problemOf = (
  issue: SchemaIssue.Issue,
  isNone: (problem: Problem) => boolean = () => false
): Problem => meant(issue, [], isNone)

const meant = (
  issue: SchemaIssue.Issue,
  path: ReadonlyArray<PropertyKey>,
  isNone: (problem: Problem) => boolean
): Problem => {
  switch (issue._tag) {
    case "Pointer":
      return meant(issue.issue, [...path, ...issue.path], isNone)
    case "Composite":
      return meant(issue.issues[0], path, isNone)
    case "Filter":
    case "Encoding":
      return meant(issue.issue, path, isNone)
    case "AnyOf":
      return ofUnion(
        issue.issues.map((member) => meant(member, path, isNone)),
        path,
        isNone
      )
    case "MissingKey":
      return { path, problem: "is missing" }
    case "InvalidValue":
      return { path, problem: path.length === 0 ? "it is not JSON" : "has the wrong value" }
    default:
      return { path, problem: path.length === 0 ? "it is not a JSON object" : "has the wrong type" }
  }
}

/** The member of a union that was meant is the one whose `type` fits. */
const ofUnion = (
  problems: ReadonlyArray<Problem>,
  path: ReadonlyArray<PropertyKey>,
  isNone: (problem: Problem) => boolean
): Problem => {
  const whole = problems.find((problem) => problem.path.length === path.length)
  if (whole !== undefined) return whole
  const [first] = problems.filter(
    (problem) => problem.path[path.length] !== "type" && !isNone(problem)
  )
  return first ?? { path: path.length === 0 ? ["type"] : path, problem: "has the wrong value" }
}
