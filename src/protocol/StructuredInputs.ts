import { Schema } from "effect"
import { defaulted, optional } from "./Lenient.ts"

export const StructuredInputAnswer = Schema.Struct({
  values: defaulted(Schema.Array(Schema.String), []),
  skipped: defaulted(Schema.Boolean, false)
})
export type StructuredInputAnswer = typeof StructuredInputAnswer.Type

const question = {
  id: Schema.String,
  question: Schema.String,
  answer: optional(StructuredInputAnswer)
}

export const StructuredInput = Schema.Union([
  Schema.Struct({
    ...question,
    type: Schema.Literal("multiple_choice"),
    options: Schema.Array(Schema.Struct({ value: Schema.String })),
    multiple: defaulted(Schema.Boolean, false)
  }),
  Schema.Struct({
    ...question,
    type: Schema.Literal("freeform"),
    description: optional(Schema.String)
  })
])
export type StructuredInput = typeof StructuredInput.Type

/** The answers that a person submits, by the id of the question. */
export const StructuredInputSubmission = Schema.Struct({
  status: defaulted(Schema.Literals(["answered", "skipped"]), "answered"),
  answers: defaulted(Schema.Record(Schema.String, StructuredInputAnswer), {})
})
export type StructuredInputSubmission = typeof StructuredInputSubmission.Type

/**
 * Adds the submitted answers to the questions. A question without an answer counts as skipped, a
 * single choice keeps its first value, a value need not be one of the options, and unknown ids are
 * ignored.
 */
export const withAnswers = (
  inputs: ReadonlyArray<StructuredInput>,
  { answers, status }: StructuredInputSubmission
): ReadonlyArray<StructuredInput> =>
  inputs.map((input) => {
    const given = Object.hasOwn(answers, input.id) ? answers[input.id] : undefined
    const isSkipped =
      status === "skipped" || given === undefined || given.skipped || given.values.length === 0
    const isSingle = input.type === "multiple_choice" && !input.multiple
    const values = isSkipped ? [] : isSingle ? given.values.slice(0, 1) : given.values
    const { id, question, answer: _, ...rest } = input
    // The reference writes the answer before the fields that the type of question adds.
    return { id, question, answer: { values, skipped: isSkipped }, ...rest } as StructuredInput
  })
