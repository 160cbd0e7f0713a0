import type { SchemaIssue } from "effect"

/** Why a schema rejects a value: the place, and a phrase that never quotes the value. */
export interface Problem {
  readonly path: ReadonlyArray<PropertyKey>
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
    case "Filter":
    case "Encoding":
      return firstProblem(issue.issue, path, isUnintended)
    case "AnyOf":
      return ofUnion(
        issue.issues.map((member) => firstProblem(member, path, isUnintended)),
        path,
        isUnintended
      )
    case "MissingKey":
      return { path, problem: "is missing" }
    case "InvalidValue":
      return { path, problem: path.length === 0 ? "it is not JSON" : "has the wrong value" }
    default:
      return { path, problem: path.length === 0 ? "it is not a JSON object" : "has the wrong type" }
  }
}

/** The author of a value meant the member of the union whose `type` matches. */
const ofUnion = (
  problems: ReadonlyArray<Problem>,
  path: ReadonlyArray<PropertyKey>,
  isUnintended: (problem: Problem) => boolean
): Problem => {
  const whole = problems.find((problem) => problem.path.length === path.length)
  if (whole !== undefined) return whole
  const [first] = problems.filter(
    (problem) => problem.path[path.length] !== "type" && !isUnintended(problem)
  )
  return first ?? { path: path.length === 0 ? ["type"] : path, problem: "has the wrong value" }
}
