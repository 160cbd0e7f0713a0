import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Layer } from "effect"
import { Tool, Toolkit } from "effect/ai"
import { modelServices } from "../../../../src/Answers.ts"
import * as ModelResponder from "../../../../src/responder/model/ModelResponder.ts"
import { create } from "../../../support/ChatKitService.ts"
import { eventually } from "../../../support/Eventually.ts"
import { tokenFor } from "../../../support/http/ServerOnDoubles.ts"
import { mcpServer } from "../../../support/McpLoopback.ts"
import { answeringFrom, answeringWith } from "../../../support/ModelAnswers.ts"
import { chat, responses, type Script, says, stalls } from "../../../support/ModelServer.ts"
import { openStream, threadOf } from "../../../support/StreamClient.ts"

const note = "The user cancelled the stream. Stop responding to the prior request."

/** The way a model behaves, and the event that a person sees before pressing Stop. */
interface Phase {
  readonly env?: Record<string, string>
  readonly scripts: ReadonlyArray<Script>
  readonly sees: string
  /** The request of the model that Stop has to close. */
  readonly open: number
  readonly keeps: string
}

const silentHead: Script = () => undefined

const picture = {
  type: "response.image_generation_call.partial_image",
  item_id: "ig_1",
  partial_image_index: 0,
  partial_image_b64: "AQID"
}

const phases: Readonly<Record<string, Phase>> = {
  "before the head of the model's answer": {
    scripts: [silentHead],
    sees: "stream_options",
    open: 0,
    keeps: ""
  },
  "before its first event": { scripts: [stalls()], sees: "stream_options", open: 0, keeps: "" },
  "while it reasons": {
    scripts: [stalls(chat.delta({ reasoning: "Let me see" }))],
    sees: "Let me see",
    open: 0,
    keeps: ""
  },
  "while it writes": {
    scripts: [stalls(chat.delta({ content: "Half a sen" }))],
    sees: `"delta":"Half a sen"`,
    open: 0,
    keeps: "Half a sen"
  },
  "while a call grows": {
    scripts: [stalls(chat.delta({ content: "I look" }), chat.call("c", "clock", {})[0])],
    sees: "I look",
    open: 0,
    keeps: "I look"
  },
  "while it makes a picture": {
    env: { MODEL_API: "responses" },
    scripts: [stalls(picture)],
    sees: "generated_image.updated",
    open: 0,
    keeps: ""
  },
  "after the answer of another wire has begun": {
    env: { MODEL_API: "responses" },
    scripts: [stalls(responses.delta("Half"))],
    sees: `"delta":"Half"`,
    open: 0,
    keeps: "Half"
  }
}

/** The client stops; the model's connection closes, and the thread has what was said. */
const assertStopped = Effect.fnUntraced(function* (
  { calls, items, url }: Effect.Success<ReturnType<typeof answeringFrom>>,
  { keeps, open, sees }: Pick<Phase, "keeps" | "open" | "sees">
) {
  const client = yield* openStream(url, yield* tokenFor("ada"), create("Hi"))
  yield* client.hears(sees)
  yield* eventually(
    Effect.sync(() => calls.length),
    (count) => count > open
  )
  yield* client.leave
  yield* calls[open]!.closed
  const id = threadOf(client.heard())
  const kept = yield* eventually(items(id), (found) => found.length > (keeps === "" ? 0 : 1))
  assert.include(JSON.stringify(kept), keeps)
  assert.notInclude(JSON.stringify(kept), note)
})

describe("Stop", () => {
  for (const [name, phase] of Object.entries(phases)) {
    it.live(`${name} closes the model's connection and keeps the text so far`, () =>
      Effect.gen(function* () {
        const server = yield* answeringFrom(phase.env ?? {}, ...phase.scripts)
        yield* assertStopped(server, phase)
      }).pipe(Effect.scoped)
    )
  }

  const Slow = Tool.make("slow")
  const tools = Toolkit.make(Slow)

  it.live("while a tool runs interrupts the tool, and asks the model no more", () =>
    Effect.gen(function* () {
      const interrupted = yield* Deferred.make<void>()
      const running = yield* Deferred.make<void>()
      const handlers = tools.toLayer({
        slow: () =>
          Deferred.succeed(running, undefined).pipe(
            Effect.andThen(Effect.never),
            Effect.onInterrupt(() => Deferred.succeed(interrupted, undefined))
          )
      })
      const { calls, url } = yield* answeringWith(
        {},
        (settings) =>
          Layer.unwrap(Effect.map(tools, (toolkit) => ModelResponder.layer({ toolkit }))).pipe(
            Layer.provide([handlers, modelServices(settings, "the-model")])
          ),
        says(...chat.call("c", "slow", {}))
      )
      const client = yield* openStream(url, yield* tokenFor("ada"), create("Hi"))
      yield* Deferred.await(running)
      yield* client.leave
      yield* Deferred.await(interrupted)
      assert.lengthOf(calls, 1)
    }).pipe(Effect.scoped)
  )

  it.live(
    "while a tool of an MCP server runs closes its connection, and asks the model no more",
    () =>
      Effect.gen(function* () {
        const running = yield* Deferred.make<void>()
        const server = yield* mcpServer(() => {
          Deferred.doneUnsafe(running, Effect.void)
          return new Promise(() => {})
        })
        const { calls, url } = yield* answeringFrom(
          { MCP_SERVERS: server.url },
          says(...chat.call("c", "weather", {}))
        )
        const client = yield* openStream(url, yield* tokenFor("ada"), create("Hi"))
        yield* Deferred.await(running)
        const called = server.calls.find(({ method }) => method === "tools/call")
        yield* client.leave
        yield* called!.closed
        assert.lengthOf(calls, 1)
      }).pipe(Effect.scoped)
  )

  it.live("in the second round closes that round's connection", () =>
    Effect.gen(function* () {
      const server = yield* answeringFrom(
        {},
        says(chat.delta({ content: "First" }), ...chat.call("c", "no_such_tool", {})),
        stalls(chat.delta({ content: "Second" }))
      )
      yield* assertStopped(server, { open: 1, sees: "Second", keeps: "First" })
    }).pipe(Effect.scoped)
  )

  it.live("while only the title is missing closes the title's connection", () =>
    Effect.gen(function* () {
      const byModel: Script = (call, response) =>
        call.body["model"] === "small"
          ? stalls()(call, response)
          : says(...chat.text("Done"))(call, response)
      const server = yield* answeringFrom({ TITLE_MODEL: "small" }, byModel)
      const client = yield* openStream(server.url, yield* tokenFor("ada"), create("Hi"))
      yield* client.hears("Done", "thread.item.done")
      const title = yield* eventually(
        Effect.sync(() => server.calls.find(({ body }) => body["model"] === "small")),
        (call) => call !== undefined
      )
      yield* client.leave
      yield* title!.closed
    }).pipe(Effect.scoped)
  )
})
