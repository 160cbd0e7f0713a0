import { assert, describe, it } from "@effect/vitest"
import { type StructuredInput, withAnswers } from "../../../src/protocol/StructuredInputs.ts"

const choice: StructuredInput = {
  id: "pick",
  question: "Which?",
  type: "multiple_choice",
  options: [{ value: "A" }, { value: "B" }],
  multiple: false
}
const many: StructuredInput = { ...choice, id: "many", multiple: true }
const notes: StructuredInput = { id: "notes", question: "Notes?", type: "freeform" }

const answer = (
  input: StructuredInput,
  values: ReadonlyArray<string>,
  skipped = false,
  status: "answered" | "skipped" = "answered"
) =>
  withAnswers([input], { status, answers: { [input.id]: { values, skipped } } }).map(
    ({ answer }) => answer
  )

describe("withAnswers", () => {
  it("adds each answer to its question, in the order of the questions", () => {
    const answers = {
      notes: { values: ["Hi"], skipped: false },
      pick: { values: ["B"], skipped: false }
    }
    assert.deepStrictEqual(withAnswers([choice, notes], { status: "answered", answers }), [
      { ...choice, answer: answers.pick },
      { ...notes, answer: answers.notes }
    ])
  })

  it("keeps the first value of a single choice", () => {
    assert.deepStrictEqual(answer(choice, ["B", "A"]), [{ values: ["B"], skipped: false }])
  })

  it("keeps all values of a multiple choice and of a free text", () => {
    for (const input of [many, notes]) {
      assert.deepStrictEqual(answer(input, ["B", "A"]), [{ values: ["B", "A"], skipped: false }])
    }
  })

  it("accepts a value that is not among the options", () => {
    assert.deepStrictEqual(answer(choice, ["Z"]), [{ values: ["Z"], skipped: false }])
  })

  it("marks a question without values as skipped", () => {
    const skipped = [{ values: [], skipped: true }]
    assert.deepStrictEqual(answer(choice, []), skipped)
    assert.deepStrictEqual(answer(choice, ["A"], true), skipped)
    assert.deepStrictEqual(answer(choice, ["A"], false, "skipped"), skipped)
    assert.deepStrictEqual(
      withAnswers([notes], { status: "answered", answers: {} }).map(({ answer }) => answer),
      skipped
    )
  })

  it("ignores unknown ids, and names that every object inherits", () => {
    const input = { ...notes, id: "constructor" }
    const answers = { ghost: { values: ["Boo"], skipped: false } }
    assert.deepStrictEqual(withAnswers([input], { status: "answered", answers }), [
      { ...input, answer: { values: [], skipped: true } }
    ])
  })

  it("replaces an earlier answer", () => {
    const input = { ...notes, answer: { values: ["Old"], skipped: false } }
    assert.deepStrictEqual(answer(input, ["New"]), [{ values: ["New"], skipped: false }])
  })

  it("writes the answer before the fields of the question's type", () => {
    const [input] = withAnswers([choice], { status: "skipped", answers: {} })
    assert.deepStrictEqual(Object.keys(input ?? {}), [
      "id",
      "question",
      "answer",
      "type",
      "options",
      "multiple"
    ])
  })
})
