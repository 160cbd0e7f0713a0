import { Struct } from "effect"
import { type McpSchema, Tool } from "effect/ai"
import type { McpServer } from "./McpServer.ts"

/** Tools of all servers together that a model is offered. */
const mostTools = 100

/** Characters of a name and of a description: with more, OpenAI refuses the whole request. */
const mostOfName = 64
const mostOfDescription = 1024

/** Members that OpenAI refuses at the top of a schema. The server checks what it is sent anyway. */
const refusedAtTheTop = ["allOf", "anyOf", "enum", "not", "oneOf"] as const

export interface OfferedTool {
  readonly server: McpServer
  /** The tool as its server lists it. */
  readonly listed: McpSchema.Tool
  /** The tool as the model sees it. */
  readonly tool: Tool.Any
}

/**
 * The tools of the servers under names that models accept. A name stays with its tool as long as
 * the server lists it, whatever other servers come, so that a call reaches the tool that was meant.
 */
export const offeredTools = (servers: ReadonlyArray<McpServer>) => {
  const offered = new Map<string, OfferedTool>()
  const lists = new Map<McpServer, ReadonlyArray<McpSchema.Tool>>()
  let leftOut = 0

  const offer = (server: McpServer, list: ReadonlyArray<McpSchema.Tool>) => {
    const names = new Map<string, string>()
    const listed = new Map(list.map((tool) => [tool.name, tool]))
    for (const [name, tool] of offered) {
      if (tool.server !== server) continue
      if (listed.has(tool.listed.name)) names.set(tool.listed.name, name)
      else offered.delete(name)
    }
    for (const tool of listed.values()) {
      const name = names.get(tool.name) ?? freeName(tool.name, offered)
      if (offered.has(name) || offered.size < mostTools) {
        offered.set(name, { server, listed: tool, tool: toolOf(name, tool) })
      } else leftOut += 1
    }
  }

  /** The tools by the names that the model knows. */
  const now = (): ReadonlyMap<string, OfferedTool> => {
    // In the order of the settings, so that names do not depend on who answered first.
    for (const server of servers) {
      const list = server.tools()
      if (lists.get(server) === list) continue
      lists.set(server, list)
      offer(server, list)
    }
    return offered
  }
  return { now, leftOut: () => leftOut }
}

/** The name with `_` for what no model accepts, and with a number where it is taken. */
const freeName = (name: string, taken: ReadonlyMap<string, unknown>): string => {
  const plain = name.replace(/[^a-zA-Z0-9_-]/g, "_").slice(0, mostOfName) || "tool"
  for (let n = 1; ; n++) {
    const suffix = n === 1 ? "" : `_${n}`
    const numbered = plain.slice(0, mostOfName - suffix.length) + suffix
    if (!taken.has(numbered)) return numbered
  }
}

const toolOf = (name: string, { description, inputSchema, title }: McpSchema.Tool): Tool.Any => {
  const parameters = Struct.omit(inputSchema, refusedAtTheTop)
  const text = description ?? title
  return Tool.dynamic(name, {
    parameters,
    ...(text === undefined ? {} : { description: cutTo(mostOfDescription, text) })
  }).annotate(Tool.Strict, false)
}

const cutTo = (most: number, text: string): string =>
  text.length > most ? `${text.slice(0, most - 1)}…`.toWellFormed() : text
