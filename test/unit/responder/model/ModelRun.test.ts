import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Layer, Schema } from "effect"
import { Tool, Toolkit } from "effect/ai"
import { modelServices } from "../../../../src/Answers.ts"
import { CurrentUser } from "../../../../src/auth/CurrentUser.ts"
import * as Answer from "../../../../src/responder/Answer.ts"
import { CurrentTurn } from "../../../../src/responder/CurrentTurn.ts"
import * as ModelResponder from "../../../../src/responder/model/ModelResponder.ts"
import { CustomStreamError } from "../../../../src/responder/StreamErrors.ts"
import type { SettingsShape } from "../../../../src/settings/Settings.ts"
import { create, operation } from "../../../support/ChatKitService.ts"
import { answeringWith, idOf, seen } from "../../../support/ModelAnswers.ts"
import { chat, says, type Script } from "../../../support/ModelServer.ts"

const WhoAmI = Tool.make("who_am_i", {
  description: "The name of the person",
  success: Schema.String,
  dependencies: [CurrentUser]
})
const ShowBag = Tool.make("show_bag", {
  parameters: Schema.Struct({ bags: Schema.Int }),
  success: Schema.String,
  failure: Schema.String,
  failureMode: "return",
  dependencies: [CurrentUser, CurrentTurn]
})
const Broken = Tool.make("broken", { success: Schema.String })
const Blink = Tool.make("blink", { parameters: Schema.Struct({ times: Schema.Int }) })

const Tools = Toolkit.make(WhoAmI, ShowBag, Broken)
const Handlers = Tools.toLayer({
  who_am_i: () => Effect.map(CurrentUser, ({ name }) => name),
  show_bag: Effect.fnUntraced(function* ({ bags }) {
    const turn = yield* CurrentTurn
    yield* turn.emit({ type: "progress_update", text: `bag ${bags}` })
    const said = yield* turn.newItem("message")
    yield* turn.emit({
      type: "thread.item.done",
      item: {
        ...said,
        type: "assistant_message",
        content: [{ type: "output_text", text: `You have ${bags} bags`, annotations: [] }]
      }
    })
    return "shown"
  }),
  broken: () => Effect.die(new Error("a bug"))
})

type Options = ModelResponder.ModelResponderOptions<Toolkit.Tools<typeof Tools>>

const withTools =
  (options: Partial<Options> = {}) =>
  (settings: SettingsShape) =>
    Layer.unwrap(
      Effect.map(Tools, (toolkit) =>
        ModelResponder.layer({ toolkit, clientTools: [Blink], stopAt: ["show_bag"], ...options })
      )
    ).pipe(Layer.provide(Handlers), Layer.provide(modelServices(settings, "the-model")))

/** Calls this tool first, and then repeats what it was told. */
const calling = (name: string, args: unknown = {}): ReadonlyArray<Script> => [
  says(...chat.call("call_1", name, args)),
  (call, response) => {
    const messages = call.body["messages"] as ReadonlyArray<{ role: string; content: string }>
    const results = messages.filter(({ role }) => role === "tool")
    return says(...chat.text(results.map(({ content }) => content).join(", ")))(call, response)
  }
]

describe("the tools of a model", () => {
  it.live("are run for the person who asks, and the model reads their results", () =>
    Effect.gen(function* () {
      for (const person of ["ada", "grace"]) {
        const { send } = yield* answeringWith({}, withTools(), ...calling("who_am_i"))
        const last = seen(yield* send(create("Who am I?"), person))
          .at(-1)
          ?.toLowerCase()
        assert.include(last, person)
      }
    }).pipe(Effect.scoped)
  )

  it.live("see the person of each request over one server", () =>
    Effect.gen(function* () {
      const [first, second] = calling("who_am_i")
      const { send } = yield* answeringWith({}, withTools(), first!, second!, first!, second!)
      assert.match(seen(yield* send(create("Who?"), "ada")).at(-1)!, /ada/i)
      assert.match(seen(yield* send(create("Who?"), "grace")).at(-1)!, /grace/i)
    }).pipe(Effect.scoped)
  )

  it.live("run in rounds, until the limit ends the answer in words", () =>
    Effect.gen(function* () {
      const again = says(...chat.call("call_1", "who_am_i", {}))
      const two = yield* answeringWith(
        {},
        withTools(),
        says(...chat.call("a", "who_am_i", {})),
        says(...chat.call("b", "who_am_i", {})),
        says(...chat.text("Enough"))
      )
      assert.strictEqual(
        seen(yield* two.send(create("Go"))).at(-1),
        "item.done assistant_message Enough"
      )
      assert.lengthOf(two.calls, 3)
      const { calls, send } = yield* answeringWith({ MODEL_ROUNDS: "4" }, withTools(), again)
      assert.match(seen(yield* send(create("Go"))).at(-1)!, /^error .*more steps.* false$/)
      assert.lengthOf(calls, 4)
      const costly = yield* answeringWith(
        { MODEL_TURN_TOKENS: "1000" },
        withTools(),
        (call, response) =>
          says(...chat.call("a", "who_am_i", {}).slice(0, 3), chat.usage(900, 200))(call, response)
      )
      assert.match(seen(yield* costly.send(create("Go"))).at(-1)!, /^error .*longer than.* false$/)
      assert.lengthOf(costly.calls, 1)
    }).pipe(Effect.scoped)
  )

  it.live("emit into the answer in order, and the run stops after one of `stopAt`", () =>
    Effect.gen(function* () {
      const { calls, items, send } = yield* answeringWith(
        {},
        withTools(),
        says(chat.delta({ content: "Let me see" }), ...chat.call("c", "show_bag", { bags: 2 }))
      )
      const events = yield* send(create("My bags?"))
      assert.deepStrictEqual(seen(events).slice(-3), [
        "item.done assistant_message Let me see",
        "progress_update",
        "item.done assistant_message You have 2 bags"
      ])
      assert.lengthOf(calls, 1)
      assert.lengthOf(yield* items(idOf(events)), 3)
    }).pipe(Effect.scoped)
  )

  it.live("that fail, or are called wrongly, give the model a result and nothing else", () =>
    Effect.gen(function* () {
      const broken = yield* answeringWith({}, withTools(), ...calling("broken"))
      assert.match(seen(yield* broken.send(create("Go"))).at(-1)!, /The tool failed\.$/)
      assert.isTrue(broken.logs.some((line) => line.includes("tool failed")))
      assert.notInclude(broken.logs.join(), "a bug")
      // A tool of `stopAt` that failed has shown nothing, so the answer goes on.
      const wrong = yield* answeringWith({}, withTools(), ...calling("show_bag", { bags: "two" }))
      assert.match(
        seen(yield* wrong.send(create("Go"))).at(-1)!,
        /^item\.done assistant_message .*bags/
      )
      const unknown = yield* answeringWith({}, withTools(), ...calling("no_such_tool"))
      assert.match(seen(yield* unknown.send(create("Go"))).at(-1)!, /There is no such tool\.$/)
    }).pipe(Effect.scoped)
  )

  it.live("of the page end the answer, and their output begins the next one", () =>
    Effect.gen(function* () {
      const [call, echo] = calling("blink", { times: 2 })
      const { calls, send } = yield* answeringWith({}, withTools(), call!, echo!)
      const events = yield* send(create("Blink"))
      assert.deepStrictEqual(seen(events), [`item.done client_tool_call pending blink {"times":2}`])
      assert.lengthOf(calls, 1)
      const thread_id = idOf(events)
      const output = operation("threads.add_client_tool_output", { thread_id, result: "blinked" })
      assert.match(seen(yield* send(output)).at(-1)!, /blinked$/)
      const said = JSON.stringify(calls[1]?.body["messages"])
      assert.include(said, `"tool_call_id":"call_1"`)
    }).pipe(Effect.scoped)
  )

  it.live("of the page leave the person's choice of a model as it was", () =>
    Effect.gen(function* () {
      const { calls, send } = yield* answeringWith(
        { MODELS: "another" },
        withTools(),
        ...calling("blink", { times: 2 })
      )
      const events = yield* send(create("Blink", { inference_options: { model: "another" } }))
      const params = { thread_id: idOf(events), result: "blinked" }
      yield* send(operation("threads.add_client_tool_output", params))
      assert.deepStrictEqual(
        calls.map(({ body }) => body["model"]),
        ["another", "another"]
      )
    }).pipe(Effect.scoped)
  )

  it.live("are chosen by the person's own choice of a tool", () =>
    Effect.gen(function* () {
      const { calls, send } = yield* answeringWith({}, withTools(), ...calling("who_am_i"))
      yield* send(create("Hi", { inference_options: { tool_choice: { id: "who_am_i" } } }))
      assert.deepStrictEqual(calls[0]?.body["tool_choice"], {
        type: "function",
        function: { name: "who_am_i" }
      })
      assert.strictEqual(calls[1]?.body["tool_choice"], "auto")
    }).pipe(Effect.scoped)
  )

  it("cannot be run without a person: the types demand it", () => {
    const called = Effect.flatMap(Tools, ({ handle }) => handle("who_am_i", {}))
    const isDemanded: CurrentUser extends Effect.Services<typeof called> ? true : false = true
    assert.isTrue(isDemanded)
  })
})

describe("guardrails", () => {
  const refused = new CustomStreamError({ message: "Not here", allow_retry: false })

  it.live("on what is asked take back what was shown already", () =>
    Effect.gen(function* () {
      const written = yield* Deferred.make<void>()
      // Until the words have come over the socket.
      const input = () =>
        Effect.andThen(
          Deferred.await(written),
          Effect.andThen(Effect.sleep(300), Effect.fail(refused))
        )
      const slow: Script = (_, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" })
        response.write(`data: ${JSON.stringify(chat.delta({ content: "Well" }))}\n\n`)
        Deferred.doneUnsafe(written, Effect.void)
      }
      const { items, send } = yield* answeringWith({}, withTools({ guardrails: { input } }), slow)
      const events = yield* send(create("Something bad"))
      const lines = seen(events)
      assert.deepStrictEqual(lines.slice(-2), ["thread.item.removed", "error Not here false"])
      assert.lengthOf(yield* items(idOf(events)), 1)
    }).pipe(Effect.scoped)
  )

  it.live("on what is answered remove exactly the items of this answer", () =>
    Effect.gen(function* () {
      const output = (text: string) =>
        text.includes("wicked") ? Effect.fail(refused) : Effect.void
      const { items, send } = yield* answeringWith(
        {},
        withTools({ guardrails: { output } }),
        says(...chat.text("good ", "and wicked ", "words"))
      )
      const events = yield* send(create("Hi"))
      assert.notInclude(JSON.stringify(events), "wicked")
      assert.strictEqual(seen(events).at(-1), "error Not here false")
      assert.lengthOf(yield* items(idOf(events)), 1)
    }).pipe(Effect.scoped)
  )
})

describe("a responder that is more than the model", () => {
  it.live("keeps its own actions", () =>
    Effect.gen(function* () {
      const { send } = yield* answeringWith(
        {},
        withTools({ responder: { action: (turn) => Answer.say(turn, turn.action.type) } }),
        says(...chat.text("Hi"))
      )
      const events = yield* send(create("Hi"))
      const params = { thread_id: idOf(events), item_id: null, action: { type: "clicked" } }
      assert.include(
        seen(yield* send(operation("threads.custom_action", params))).at(-1),
        "clicked"
      )
    }).pipe(Effect.scoped)
  )
})
