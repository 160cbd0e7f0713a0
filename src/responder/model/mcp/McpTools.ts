import { Effect, Stream } from "effect"
import type { Tool, Toolkit } from "effect/ai"
import type { AnyToolkit } from "../ModelTools.ts"
import { sentenceOf, textOf } from "./McpResults.ts"
import { connectTo } from "./McpServer.ts"
import { offeredTools } from "./OfferedTools.ts"

/**
 * The tools of servers of the Model Context Protocol, as one toolkit. It has the tools of a server
 * that was away as soon as the server is back. Nobody is named there: a tool sees what the model
 * sends, and nothing else. A call that fails tells the model why.
 */
export const mcpTools = Effect.fnUntraced(function* (urls: ReadonlyArray<string>) {
  const servers = yield* Effect.forEach(urls, connectTo, { concurrency: "unbounded" })
  const offered = offeredTools(servers)
  offered.now()
  if (offered.leftOut() > 0) {
    yield* Effect.logWarning(
      "tools left out: the MCP servers have more than a model is offered"
    ).pipe(Effect.annotateLogs({ tools: offered.leftOut() }))
  }

  const outcome = Effect.fnUntraced(function* (name: string, params: unknown) {
    const found = offered.now().get(name)
    if (found === undefined) return { isFailure: true, text: "There is no such tool." }
    if (!isRecord(params)) {
      return { isFailure: true, text: "The arguments have to be a JSON object." }
    }
    return yield* found.server.call(found.listed, params).pipe(
      Effect.map((result) => ({ isFailure: result.isError === true, text: textOf(result) })),
      Effect.catch((error) =>
        Effect.logWarning("MCP tool failed").pipe(
          Effect.annotateLogs({
            server: found.server.origin,
            tool: name,
            reason: error.reason._tag
          }),
          Effect.as({ isFailure: true, text: sentenceOf(error) })
        )
      )
    )
  })

  const toolkit: AnyToolkit = {
    get tools() {
      return Object.fromEntries(Array.from(offered.now(), ([name, { tool }]) => [name, tool]))
    },
    handle: (name, params) =>
      Effect.map(outcome(name, params), ({ isFailure, text }) =>
        Stream.succeed({
          result: text as never,
          encodedResult: text,
          isFailure,
          preliminary: false
        })
      )
  }
  return toolkit as unknown as Toolkit.WithHandler<Record<string, Tool.Any>>
})

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
