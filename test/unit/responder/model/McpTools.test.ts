import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { create } from "../../../support/ChatKitService.ts"
import { mcpServer } from "../../../support/McpLoopback.ts"
import { answeringFrom, seen } from "../../../support/ModelAnswers.ts"
import { chat, says, type Script } from "../../../support/ModelServer.ts"

/** Calls the tool first, and then repeats what it was told. */
const calling: ReadonlyArray<Script> = [
  says(...chat.call("call_1", "weather", { city: "Oslo" })),
  (call, response) => {
    const messages = call.body["messages"] as ReadonlyArray<{ role: string; content: string }>
    return says(...chat.text(messages.at(-1)!.content))(call, response)
  }
]

const said = (text: string) => ({ content: [{ type: "text", text }] })

describe("the tools of MCP servers", () => {
  it.live("are offered to the model and called with what it sends, without naming anybody", () =>
    Effect.gen(function* () {
      const server = yield* mcpServer((args) => said(`Rain: ${JSON.stringify(args)}`))
      const { calls, send } = yield* answeringFrom({ MCP_SERVERS: server.url }, ...calling)
      const lines = seen(yield* send(create("The weather in Oslo?")))
      assert.include(lines.at(-1), `Rain: {"city":"Oslo"}`)
      assert.include(JSON.stringify(calls[0]?.body["tools"]), "The weather in a city")
      assert.notInclude(JSON.stringify(server.calls), "ada")
      for (const { headers } of server.calls) assert.notProperty(headers, "authorization")
    }).pipe(Effect.scoped)
  )

  it.live("that fail are told to the model, and long results are cut", () =>
    Effect.gen(function* () {
      const broken = yield* mcpServer(() => ({ ...said("no such city"), isError: true }))
      const failing = yield* answeringFrom({ MCP_SERVERS: broken.url }, ...calling)
      assert.include(seen(yield* failing.send(create("Hi"))).at(-1), "The tool failed.")
      const long = yield* mcpServer(() => said("x".repeat(200_000)))
      const { calls, send } = yield* answeringFrom({ MCP_SERVERS: long.url }, ...calling)
      yield* send(create("Hi"))
      assert.isBelow(JSON.stringify(calls[1]?.body).length, 110_000)
    }).pipe(Effect.scoped)
  )

  it.live("of a server that is away are left out, and the others work", () =>
    Effect.gen(function* () {
      const server = yield* mcpServer(() => said("Sun"))
      const { logs, send } = yield* answeringFrom(
        { MCP_SERVERS: `http://127.0.0.1:1/mcp, ${server.url}` },
        ...calling
      )
      assert.include(seen(yield* send(create("Hi"))).at(-1), "Sun")
      assert.isDefined(logs)
    }).pipe(Effect.scoped)
  )
})
