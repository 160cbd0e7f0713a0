import type { SchemaIssue } from "effect"
import { operationTypes } from "../protocol/Requests.ts"
import { fieldOf, problemOf } from "../core/SchemaProblem.ts"

/** What the schema has to say about a body, in one sentence that never quotes the body. */
export const sentenceOf = (issue: SchemaIssue.Issue): string => {
  // The short form is meant by nobody who left `message` out.
  const found = problemOf(
    issue,
    ({ path, problem }) => path[0] === "message" && path.length === 1 && problem === "is missing"
  )
  const field = fieldOf(found)
  if (field === "") return `Invalid request body: ${found.problem}`
  return field === "type"
    ? `Invalid request: type is none of ${operationTypes.join(", ")}`
    : `Invalid request: ${field} ${found.problem}`
}
