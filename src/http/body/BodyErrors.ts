import type { SchemaIssue } from "effect"
import { operationTypes } from "../../protocol/Requests.ts"
import { fieldOf, problemOf } from "../../core/SchemaProblem.ts"

/** Why the schema rejects a body, in one sentence that never quotes the body. */
export const sentenceOf = (issue: SchemaIssue.Issue): string => {
  // A body without `message` is not meant as the short form.
  const found = problemOf(
    issue,
    ({ path, problem }) => path[0] === "message" && path.length === 1 && problem === "is missing"
  )
  const field = fieldOf(found)
  return field === "type"
    ? `Invalid request: type must be one of ${operationTypes.join(", ")}`
    : `Invalid request: ${field} ${found.problem}`
}
