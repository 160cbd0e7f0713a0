import { Effect } from "effect"
import type { SchemaIssue } from "effect"
import { HttpApiMiddleware } from "effect/http-api"
import { BodyErrors } from "../api/SupportApi.ts"
import { operationTypes } from "../chatkit/Requests.ts"
import { InvalidRequest } from "../domain/Errors.ts"

/** Turns what the schema has to say about a body into one sentence that never quotes the body. */
export const BodyErrorsHttp = HttpApiMiddleware.layerSchemaErrorTransform(BodyErrors, (error) =>
  error.kind === "Payload"
    ? Effect.fail(new InvalidRequest({ problem: problemOf(error.cause.issue) }))
    : Effect.fail(error)
)

export const problemOf = (issue: SchemaIssue.Issue): string => {
  const { path, problem } = meant(issue, [])
  const field = path
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
    .join("")
  return field === ""
    ? `Invalid request body: ${problem}`
    : `Invalid request: ${field.slice(1)} ${problem}`
}

interface Problem {
  readonly path: ReadonlyArray<PropertyKey>
  readonly problem: string
}

const noOperation: Problem = {
  path: ["type"],
  problem: `is none of ${operationTypes.join(", ")}`
}

const meant = (issue: SchemaIssue.Issue, path: ReadonlyArray<PropertyKey>): Problem => {
  switch (issue._tag) {
    case "Pointer":
      return meant(issue.issue, [...path, ...issue.path])
    case "Composite":
      return meant(issue.issues[0], path)
    case "Filter":
    case "Encoding":
      return meant(issue.issue, path)
    case "AnyOf":
      return ofUnion(
        issue.issues.map((member) => meant(member, path)),
        path
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
const ofUnion = (problems: ReadonlyArray<Problem>, path: ReadonlyArray<PropertyKey>): Problem => {
  const isRoot = path.length === 0
  const whole = problems.find((problem) => problem.path.length === path.length)
  if (whole !== undefined) return whole
  const fitting = problems.filter((problem) => problem.path[path.length] !== "type")
  const [first] = fitting.filter(
    ({ path, problem }) => !(isRoot && path[0] === "message" && problem === "is missing")
  )
  if (first !== undefined) return first
  return isRoot ? noOperation : { path, problem: "has the wrong value" }
}
