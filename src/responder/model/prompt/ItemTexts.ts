import type { StructuredInput } from "../../../protocol/StructuredInputs.ts"
import type { Task } from "../../../protocol/Workflows.ts"

/** A note between tags, so that the model does not take it for the person's words. */
export const hiddenText = (content: unknown): string => {
  const text = typeof content === "string" ? content : JSON.stringify(content)
  return `Context for you, which the person does not see:\n<context>\n${text}\n</context>`
}

/** The tasks that say what was done; undefined when none does. */
export const tasksText = (tasks: ReadonlyArray<Task>): string | undefined => {
  const lines = tasks.flatMap((task) => {
    const words = task.type === "custom" ? [task.title, task.content] : []
    const line = words.filter((word) => word !== undefined && word !== "").join(": ")
    return line === "" ? [] : [line]
  })
  return lines.length === 0
    ? undefined
    : `The person was shown that this was done:\n${lines.join("\n")}`
}

/** One line a question, with what the person answered. */
export const questionsText = (inputs: ReadonlyArray<StructuredInput>): string => {
  const lines = inputs.map(({ answer, question }) => {
    if (answer === undefined) return `${question}: unanswered`
    return `${question}: ${answer.skipped ? "skipped" : answer.values.join(", ")}`
  })
  return `The person was asked:\n${lines.join("\n")}`
}
