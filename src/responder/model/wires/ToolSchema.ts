import type { JsonSchema } from "effect"
import { Tool } from "effect/ai"
import { field } from "./Fields.ts"

/** A tool as both wires describe it. A missing description is left out: some servers refuse null. */
export const functionOf = (tool: Tool.Any) => {
  const description = Tool.getDescription(tool)
  return {
    name: tool.name,
    ...(description === undefined ? {} : { description }),
    // OpenAI refuses an object that does not list its properties.
    parameters: { type: "object", properties: {}, ...closed(Tool.getJsonSchema(tool)) }
  }
}

/** The schema with no room for parameters that nobody declared. */
const closed = (schema: JsonSchema.JsonSchema): JsonSchema.JsonSchema => {
  const step = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(step)
    if (typeof value !== "object" || value === null) return value
    const entries = Object.entries(value).map(([key, inner]) => [key, step(inner)])
    const isObject = field(value, "type") === "object" && field(value, "properties") !== undefined
    return Object.fromEntries([...entries, ...(isObject ? [["additionalProperties", false]] : [])])
  }
  return step(schema) as JsonSchema.JsonSchema
}

/** The choice of a tool as both wires write it; `named` is how this wire names one. */
export const choiceOf = (
  choice: { readonly tool: string } | { readonly mode?: string; readonly oneOf: unknown } | string,
  named: (tool: string) => unknown
): unknown => {
  if (typeof choice === "string") return choice
  if ("tool" in choice) return named(choice.tool)
  return choice.mode ?? "auto"
}
