import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Option, Stream, Tracer } from "effect"
import { TestClock } from "effect/testing"
import { FetchHttpClient } from "effect/http"
import { mcpTools } from "../../../../../src/responder/model/mcp/McpTools.ts"
import { captureLogs } from "../../../../support/Doubles.ts"
import { eventually } from "../../../../support/Eventually.ts"
import { mcpServer } from "../../../../support/McpLoopback.ts"

const said = (text: string) => ({ content: [{ type: "text", text }] })
const sunny = () => said("Sun")

/** The tools of this server, and the result of a call of one. */
const toolsOf = Effect.fnUntraced(function* (url: string) {
  const toolkit = yield* Effect.provide(mcpTools([url]), FetchHttpClient.layer)
  const call = (name = "weather") =>
    Effect.flatMap(toolkit.handle(name, {}, "call_1"), Stream.runLast).pipe(
      Effect.map(Option.getOrUndefined),
      Effect.map((result) => [result?.isFailure, result?.encodedResult])
    )
  return { call, names: () => Object.keys(toolkit.tools) }
})

describe("an MCP server", () => {
  it.effect("that does not answer a call fails it when the time is up", () =>
    Effect.gen(function* () {
      const asked = yield* Deferred.make<void>()
      const server = yield* mcpServer(() => {
        Deferred.doneUnsafe(asked, Effect.void)
        return new Promise(() => {})
      })
      const { call } = yield* toolsOf(server.url)
      const calling = yield* Effect.forkChild(call())
      yield* Deferred.await(asked)
      yield* TestClock.adjust("59 seconds")
      assert.isUndefined(calling.pollUnsafe())
      yield* TestClock.adjust("1 second")
      const [isFailure, result] = yield* Fiber.join(calling)
      assert.isTrue(isFailure)
      assert.include(String(result), "did not answer in time")
    })
  )

  for (const status of [404, 400]) {
    it.effect(`that restarts and refuses the old session with ${status} is called again`, () =>
      Effect.gen(function* () {
        const server = yield* mcpServer(sunny, { unknownSession: status })
        const { call } = yield* toolsOf(server.url)
        assert.deepStrictEqual(yield* call(), [false, "Sun"])
        yield* server.restart()
        const both = yield* Effect.all([call(), call()], { concurrency: "unbounded" })
        assert.deepStrictEqual(both, [
          [false, "Sun"],
          [false, "Sun"]
        ])
        assert.deepStrictEqual(yield* call(), [false, "Sun"])
      })
    )
  }

  it.effect("that refuses every call with 400 is asked twice and no more", () =>
    Effect.gen(function* () {
      const server = yield* mcpServer(() => 400)
      const { call } = yield* toolsOf(server.url)
      assert.deepStrictEqual(yield* call(), [
        true,
        "The tool's server refused the call (status 400)."
      ])
      assert.strictEqual(server.calls.filter(({ method }) => method === "tools/call").length, 2)
    })
  )

  it.effect("that is down fails a call in words, and works again when it is back", () =>
    Effect.gen(function* () {
      const server = yield* mcpServer((_, tool) => said(tool))
      const { call, names } = yield* toolsOf(server.url)
      yield* server.stop
      assert.deepStrictEqual(yield* call(), [true, "The tool cannot be reached right now."])
      assert.deepStrictEqual(names(), ["weather"])
      yield* server.restart([{ name: "weather" }, { name: "tides" }])
      assert.deepStrictEqual(yield* call(), [false, "weather"])
      assert.deepStrictEqual(names(), ["weather", "tides"])
      assert.deepStrictEqual(yield* call("tides"), [false, "tides"])
    })
  )

  it.effect("that is away at the start offers its tools when it has come", () => {
    const logs: Array<string> = []
    return Effect.gen(function* () {
      const clock = yield* TestClock.testClockWith(Effect.succeed)
      const server = yield* mcpServer(sunny)
      yield* server.stop
      const { call, names } = yield* toolsOf(server.url)
      assert.deepStrictEqual(names(), [])
      assert.include(logs.join(), "tools left out: the MCP server cannot be used now")
      yield* clock.adjust("30 seconds")
      yield* server.restart()
      const later = Effect.map(clock.adjust("30 seconds"), names)
      yield* TestClock.withLive(eventually(later, ({ length }) => length === 1))
      assert.deepStrictEqual(yield* call(), [false, "Sun"])
      assert.lengthOf(logs, 2)
    }).pipe(Effect.provide(captureLogs(logs)))
  })

  it.effect("says what went wrong in a result that is a failure", () =>
    Effect.gen(function* () {
      const server = yield* mcpServer(() => ({ ...said("No such city."), isError: true }))
      const { call } = yield* toolsOf(server.url)
      assert.deepStrictEqual(yield* call(), [true, "No such city."])
    })
  )

  it.effect("has its address in no span", () => {
    const spans: Array<Tracer.Span> = []
    const span: Tracer.Tracer["span"] = (options) => {
      const made = new Tracer.NativeSpan(options)
      spans.push(made)
      return made
    }
    return Effect.gen(function* () {
      const server = yield* mcpServer(sunny)
      const { call } = yield* toolsOf(`${server.url}?key=secret`)
      assert.deepStrictEqual(yield* call(), [false, "Sun"])
      const seen = spans.map(({ attributes, name }) => [name, ...attributes.values()])
      assert.notInclude(JSON.stringify(seen), "secret")
    }).pipe(Effect.withSpan("a request"), Effect.withTracer(Tracer.make({ span })))
  })
})
