import { Effect } from "effect"
import type { SchemaIssue } from "effect"
import { HttpApiMiddleware } from "effect/http-api"
import { BodyErrors } from "../api/SupportApi.ts"
import { operationTypes } from "../chatkit/Requests.ts"
import { InvalidRequest } from "../domain/Errors.ts"
import { fieldOf, problemOf } from "../domain/SchemaProblem.ts"

/** Turns what the schema has to say about a body into one sentence that never quotes the body. */
export const BodyErrorsHttp = HttpApiMiddleware.layerSchemaErrorTransform(BodyErrors, (error) =>
  error.kind === "Payload"
    ? Effect.fail(new InvalidRequest({ problem: sentenceOf(error.cause.issue) }))
    : Effect.fail(error)
)

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
