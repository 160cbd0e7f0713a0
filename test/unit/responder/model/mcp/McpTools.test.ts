import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { create } from "../../../../support/ChatKitService.ts"
import { mcpServer } from "../../../../support/McpLoopback.ts"
import { answeringFrom, seen } from "../../../../support/ModelAnswers.ts"
import { chat, says, type Script } from "../../../../support/ModelServer.ts"

/** Calls the tool first, and then repeats what it was told. */
const calling = (name = "weather"): ReadonlyArray<Script> => [
  says(...chat.call("call_1", name, { city: "Oslo" })),
  (call, response) => {
    const messages = call.body["messages"] as ReadonlyArray<{ role: string; content: string }>
    return says(...chat.text(messages.at(-1)!.content))(call, response)
  }
]

const said = (text: string) => ({ content: [{ type: "text", text }] })

/** The words that the person reads when the model repeats the result of the tool. */
const toldBy = Effect.fnUntraced(function* (url: string) {
  const { logs, send } = yield* answeringFrom({ MCP_SERVERS: url }, ...calling())
  return { answer: seen(yield* send(create("The weather in Oslo?"))).at(-1), logs }
})

describe("the tools of MCP servers", () => {
  it.live("are offered to the model and called with what it sends, without naming anybody", () =>
    Effect.gen(function* () {
      const server = yield* mcpServer((args) => said(`Rain: ${JSON.stringify(args)}`))
      const { calls, send } = yield* answeringFrom({ MCP_SERVERS: server.url }, ...calling())
      const lines = seen(yield* send(create("The weather in Oslo?")))
      assert.include(lines.at(-1), `Rain: {"city":"Oslo"}`)
      assert.include(JSON.stringify(calls[0]?.body["tools"]), "The weather in a city")
      assert.notInclude(JSON.stringify(server.calls), "ada")
      for (const { headers } of server.calls) {
        assert.notProperty(headers, "authorization")
        assert.notProperty(headers, "traceparent")
      }
    }).pipe(Effect.scoped)
  )

  it.live("tell the model in their own words what went wrong", () =>
    Effect.gen(function* () {
      const server = yield* mcpServer(() => ({ ...said("No city of this name."), isError: true }))
      const { answer, logs } = yield* toldBy(server.url)
      assert.include(answer, "No city of this name.")
      assert.notInclude(logs.join(), "No city of this name.")
    }).pipe(Effect.scoped)
  )

  it.live("that refuse a call tell the model why", () =>
    Effect.gen(function* () {
      const server = yield* mcpServer(() => {
        throw new Error("city: expected a number")
      })
      const { answer, logs } = yield* toldBy(server.url)
      assert.include(answer, "The tool refused the call: city: expected a number")
      assert.notInclude(logs.join(), "expected a number")
    }).pipe(Effect.scoped)
  )

  it.live("with long results are cut", () =>
    Effect.gen(function* () {
      const server = yield* mcpServer(() => said("x".repeat(200_000)))
      const { calls, send } = yield* answeringFrom({ MCP_SERVERS: server.url }, ...calling())
      yield* send(create("Hi"))
      const body = JSON.stringify(calls[1]?.body)
      assert.include(body, "[cut: it was longer]")
      assert.isBelow(body.length, 110_000)
    }).pipe(Effect.scoped)
  )

  it.live("with more than a message may hold fail in words", () =>
    Effect.gen(function* () {
      const server = yield* mcpServer(() => said("x".repeat(5_000_000)))
      assert.include((yield* toldBy(server.url)).answer, "The tool's answer was too large.")
    }).pipe(Effect.scoped)
  )

  it.live("that answer with a picture name it", () =>
    Effect.gen(function* () {
      const picture = { type: "image", data: "AAAA", mimeType: "image/png" }
      const server = yield* mcpServer(() => ({ content: [picture, ...said("Oslo").content] }))
      const { answer } = yield* toldBy(server.url)
      assert.include(answer, "[image/png, which cannot be shown here]\nOslo")
    }).pipe(Effect.scoped)
  )

  it.live("of two servers with the same name are two tools, and each call reaches its own", () =>
    Effect.gen(function* () {
      const first = yield* mcpServer(() => said("Rain"))
      const second = yield* mcpServer(() => said("Sun"))
      const { calls, send } = yield* answeringFrom(
        { MCP_SERVERS: `${first.url}, ${second.url}` },
        ...calling("weather_2")
      )
      assert.include(seen(yield* send(create("Hi"))).at(-1), "Sun")
      const offered = JSON.stringify(calls[0]?.body["tools"])
      assert.include(offered, `"name":"weather"`)
      assert.include(offered, `"name":"weather_2"`)
    }).pipe(Effect.scoped)
  )

  it.live("of a server that is away are left out, and the others work", () =>
    Effect.gen(function* () {
      const server = yield* mcpServer(() => said("Sun"))
      const { logs, send } = yield* answeringFrom(
        { MCP_SERVERS: `http://127.0.0.1:1/mcp?key=secret, ${server.url}` },
        ...calling()
      )
      assert.include(seen(yield* send(create("Hi"))).at(-1), "Sun")
      assert.notInclude(logs.join(), "secret")
    }).pipe(Effect.scoped)
  )
})
