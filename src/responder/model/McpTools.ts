import { Effect, Layer, Stream } from "effect"
import { McpClient, McpProtocol, type Tool, type Toolkit } from "effect/ai"

/** Milliseconds for a server to connect and list its tools, and for one call. */
const patience = { connect: 10_000, call: 60_000 }

/** Tools of all servers together, and characters of one result, that a model is shown. */
const mostTools = 100
const mostCharacters = 100_000

type Tools = Toolkit.WithHandler<Record<string, Tool.Any>>

/**
 * The tools of servers of the Model Context Protocol, as one toolkit. A server that is away at the
 * start is left out until the next start, and a line of the log says so. No user is named there:
 * its tools see what the model sends, and nothing else.
 */
export const mcpTools = (urls: ReadonlyArray<string>) =>
  Effect.map(
    Effect.forEach(urls, (url) => connected(url), { concurrency: "unbounded" }),
    (all): Tools => {
      const owners = new Map<string, Tools>()
      const tools: Record<string, Tool.Any> = {}
      for (const toolkit of all) {
        for (const [name, tool] of Object.entries(toolkit?.tools ?? {})) {
          if (owners.size >= mostTools || owners.has(name)) continue
          owners.set(name, toolkit!)
          tools[name] = tool
        }
      }
      return {
        tools,
        handle: (name, ...rest) => {
          const owner = owners.get(name)
          return owner === undefined
            ? Effect.die(new Error("no such tool"))
            : Effect.map(owner.handle(name, ...rest), Stream.map(shortened))
        }
      }
    }
  )

const connected = Effect.fnUntraced(
  function* (url: string) {
    const context = yield* Layer.build(
      McpClient.layerHttp({
        name: "effect-chatkit",
        version: "0.1.0",
        url,
        protocol: McpProtocol.v2025_11_25,
        timeout: patience.call
      })
    )
    const client = yield* Effect.provideContext(McpClient.McpClient, context)
    return (yield* McpClient.toolkit(client)) as unknown as Tools
  },
  Effect.timeout(patience.connect),
  (connecting, url) =>
    Effect.catchCause(connecting, () =>
      Effect.logWarning("tools left out: the MCP server does not answer").pipe(
        Effect.annotateLogs({ server: new URL(url).origin }),
        Effect.as(undefined)
      )
    )
)

const shortened = <A extends { readonly encodedResult: unknown }>(result: A): A =>
  typeof result.encodedResult === "string" && result.encodedResult.length > mostCharacters
    ? {
        ...result,
        encodedResult: `${result.encodedResult.slice(0, mostCharacters)} [cut: it was longer]`
      }
    : result
