import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { McpSchema, Tool } from "effect/ai"
import type { McpServer } from "../../../../../src/responder/model/mcp/McpServer.ts"
import { offeredTools } from "../../../../../src/responder/model/mcp/OfferedTools.ts"

type Fields = Partial<ConstructorParameters<typeof McpSchema.Tool>[0]>

const listed = (name: string, fields: Fields = {}) =>
  new McpSchema.Tool({ name, inputSchema: { type: "object" }, ...fields })

/** A server with a list that a test changes. */
const serverWith = (...names: ReadonlyArray<string>) => {
  let tools = names.map((name) => listed(name))
  const server: McpServer = { origin: "http://test", tools: () => tools, call: () => Effect.never }
  return { server, lists: (...names: ReadonlyArray<McpSchema.Tool>) => (tools = [...names]) }
}

/** The meaning of each name: the tool, and which of the servers has it. */
const told = (servers: ReadonlyArray<{ readonly server: McpServer }>) => {
  const { leftOut, now } = offeredTools(servers.map(({ server }) => server))
  const names = () =>
    Array.from(now(), ([name, { listed, server }]) => {
      const owner = servers.findIndex((one) => one.server === server)
      return `${name}: ${listed.name} of ${owner}`
    })
  return { leftOut, names, now }
}

describe("the names of offered tools", () => {
  it("are such that models accept them", () => {
    const long = "l".repeat(80)
    const { names } = told([serverWith("get.weather", "größe", "", long, `${long}2`)])
    assert.deepStrictEqual(names(), [
      "get_weather: get.weather of 0",
      "gr__e: größe of 0",
      "tool:  of 0",
      `${"l".repeat(64)}: ${long} of 0`,
      `${"l".repeat(62)}_2: ${long}2 of 0`
    ])
  })

  it("are numbered in the order of the servers where several are the same", () => {
    const { names } = told([serverWith("search"), serverWith("search", "search_2")])
    assert.deepStrictEqual(names(), [
      "search: search of 0",
      "search_2: search of 1",
      "search_2_2: search_2 of 1"
    ])
  })

  it("stay with their tools when a server comes later, or lists others", () => {
    const [first, second] = [serverWith(), serverWith("search")]
    const { names } = told([first, second])
    assert.deepStrictEqual(names(), ["search: search of 1"])
    first.lists(listed("search"))
    assert.deepStrictEqual(names(), ["search: search of 1", "search_2: search of 0"])
    second.lists(listed("find"))
    assert.deepStrictEqual(names(), ["search_2: search of 0", "find: find of 1"])
  })

  it("are no more than a model is offered", () => {
    const many = Array.from({ length: 98 }, (_, k) => `tool_${k}`)
    const { leftOut, now } = told([serverWith(...many), serverWith("a", "b", "c")])
    assert.strictEqual(now().size, 100)
    assert.strictEqual(leftOut(), 1)
  })
})

describe("offered tools", () => {
  const toolOf = (fields: Fields) => {
    const server = serverWith()
    server.lists(listed("one", fields))
    return told([server]).now().get("one")!.tool
  }

  it("have no longer descriptions than OpenAI takes", () => {
    const description = Tool.getDescription(toolOf({ description: "d".repeat(2000) }))
    assert.strictEqual(description?.length, 1024)
    assert.strictEqual(Tool.getDescription(toolOf({ description: "short" })), "short")
    assert.strictEqual(Tool.getDescription(toolOf({ title: "The title" })), "The title")
  })

  it("have schemas without what OpenAI refuses at the top", () => {
    const properties = { city: { anyOf: [{ type: "string" }, { type: "number" }] } }
    const inputSchema = { type: "object", properties, anyOf: [{ required: ["city"] }] } as const
    assert.deepStrictEqual(Tool.getJsonSchema(toolOf({ inputSchema })), {
      type: "object",
      properties
    })
  })
})
