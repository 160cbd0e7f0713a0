import { Effect, RcRef, References, Schedule } from "effect"
import { McpClient, McpClientError, McpProtocol, type McpSchema } from "effect/ai"
import { HttpClient } from "effect/http"

/**
 * Milliseconds. The start of this server waits for the first connection, and a person for a call:
 * by default a model may be silent for as long. A server that is away is tried again after a pause.
 */
const patience = { connection: 10_000, call: 60_000, pause: 30_000 }

/** Bytes of one message of a server: its list of tools, or a result. */
const mostBytes = 4 * 1024 * 1024

type Arguments = Readonly<Record<string, unknown>>

/** A server of tools. Its tools stay known while it is away, and calls fail until it is back. */
export interface McpServer {
  /** The server's address without path and query, which may hold a key. */
  readonly origin: string
  /** Every connection reads the list anew; it is empty before the first one. */
  readonly tools: () => ReadonlyArray<McpSchema.Tool>
  readonly call: (
    tool: McpSchema.Tool,
    args: Arguments
  ) => Effect.Effect<McpSchema.CallToolResult, McpClientError.McpClientError>
}

/**
 * Connects, and waits for it. A server that cannot be used now is tried again until it can, as long
 * as the scope is open. A session that the server has forgotten, as after its restart, is replaced
 * by a new one at the next call.
 */
export const connectTo = Effect.fnUntraced(function* (url: string) {
  const { origin } = new URL(url)
  const client = HttpClient.transformResponse(yield* HttpClient.HttpClient, withoutTrace)
  let tools: ReadonlyArray<McpSchema.Tool> = []
  let current: McpClient.McpClient | undefined

  const connection = yield* RcRef.make({
    acquire: Effect.gen(function* () {
      const protocol = McpProtocol.v2025_11_25
      const transport = yield* McpClient.http({ url, protocol, maxMessageBytes: mostBytes })
      const opened = yield* McpClient.make({ name: "effect-chatkit", version: "0.1.0" }).pipe(
        Effect.provideService(McpClient.Transport, transport)
      )
      tools = yield* opened.listTools()
      current = opened
      return opened
    }).pipe(
      within(patience.connection, "connection"),
      Effect.provideService(HttpClient.HttpClient, client)
    ),
    idleTimeToLive: "Infinity"
  })

  const connected = Effect.scoped(RcRef.get(connection))
  yield* Effect.catch(connected, ({ reason }) =>
    Effect.logWarning("tools left out: the MCP server cannot be used now").pipe(
      Effect.andThen(
        Effect.delay(connected, patience.pause).pipe(
          Effect.retry(Schedule.forever),
          Effect.andThen(Effect.logInfo("tools offered: the MCP server can be used again")),
          Effect.forkScoped
        )
      ),
      Effect.annotateLogs({ server: origin, reason: reason._tag })
    )
  )

  const once = (tool: McpSchema.Tool, args: Arguments) =>
    Effect.flatMap(RcRef.get(connection), (client) =>
      client
        .callTool({ tool, arguments: args })
        .pipe(
          Effect.tapError((error) =>
            isOver(error) && client === current ? RcRef.invalidate(connection) : Effect.void
          )
        )
    ).pipe(Effect.scoped)

  const server: McpServer = {
    origin,
    tools: () => tools,
    call: (tool, args) =>
      once(tool, args).pipe(
        // The server has refused it, so nothing is done twice.
        Effect.catchIf(isForgotten, () => once(tool, args)),
        within(patience.call, "tools/call")
      )
  }
  return server
})

/** Whether the next call needs a new connection: after an outage the server may have other tools. */
const isOver = (error: McpClientError.McpClientError): boolean =>
  isForgotten(error) || error.reason._tag === "TransportError"

/** Some servers refuse a session that they do not know with 400, where the protocol says 404. */
const isForgotten = ({ reason }: McpClientError.McpClientError): boolean =>
  reason._tag === "ClosedError" || (reason._tag === "HttpError" && reason.status === 400)

const within =
  (milliseconds: number, operation: string) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.timeoutOrElse(effect, {
      duration: milliseconds,
      orElse: () =>
        Effect.fail(
          new McpClientError.McpClientError({
            reason: new McpClientError.TimeoutError({ operation })
          })
        )
    })

/** The server is somebody else's: it gets no id of a trace, and no span keeps its address. */
const withoutTrace = <A, E, R>(response: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  response.pipe(
    Effect.provideService(HttpClient.TracerPropagationEnabled, false),
    Effect.provideService(References.TracerEnabled, false)
  )
