import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Layer, Metric, Stream } from "effect"
import { Tool, Toolkit } from "effect/ai"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { eventJson } from "../../../../src/protocol/EventJson.ts"
import { ModelChoice } from "../../../../src/responder/model/ModelChoice.ts"
import * as ModelResponder from "../../../../src/responder/model/ModelResponder.ts"
import * as ChatCompletions from "../../../../src/responder/model/wires/ChatCompletions.ts"
import { toStream } from "../../../../src/turns/TurnEvents.ts"
import { RunningTurn } from "../../../../src/turns/TurnRunner.ts"
import { chatKit, create, send } from "../../../support/ChatKitService.ts"
import {
  modelConnections,
  refused,
  type Reply,
  silent,
  stalled,
  whole
} from "../../../support/ModelConnections.ts"
import { chat } from "../../../support/ModelServer.ts"

const tools = Toolkit.make(Tool.make("slow"), Tool.make("quick"))

type Options = ModelResponder.ModelResponderOptions<Toolkit.Tools<typeof tools>>

/** Something of the test's own that never ends. */
const endlessWork = () => {
  const begun = Deferred.makeUnsafe<void>()
  let running = 0
  const work = Effect.suspend(() => {
    running += 1
    Deferred.doneUnsafe(begun, Effect.void)
    return Effect.never
  }).pipe(
    Effect.ensuring(
      Effect.sync(() => {
        running -= 1
      })
    )
  )
  return { work, begun: Deferred.await(begun), isRunning: () => running > 0 }
}

/** The moment at which the person presses Stop. */
interface Phase {
  /** The model's answers to its requests, in order. */
  readonly replies: ReadonlyArray<Reply>
  /** The answer to the request for a title; without it, none is asked for. */
  readonly title?: Reply
  readonly fallback?: string
  readonly options?: (work: Effect.Effect<never>) => Partial<Options>
  /** The last event that the person sees. */
  readonly sees?: string
  readonly until: (found: {
    readonly reached: (requests: number) => Effect.Effect<void>
    readonly seen: Effect.Effect<void>
    readonly begun: Effect.Effect<void>
  }) => Effect.Effect<void>
  /** Nothing is in progress then but a pause. */
  readonly isPause?: true
}

const phases: Readonly<Record<string, Phase>> = {
  "while the instructions are made": {
    replies: [],
    options: (work) => ({ instructions: () => work }),
    until: ({ begun }) => begun
  },
  "before the head of an answer": { replies: [silent], until: ({ reached }) => reached(1) },
  "before the first event of an answer": {
    replies: [stalled()],
    until: ({ reached }) => reached(1)
  },
  "between the first try and the second": {
    replies: [refused],
    until: ({ reached }) => Effect.andThen(reached(1), TestClock.adjust(200)),
    isPause: true
  },
  "between the second try and the third": {
    replies: [refused, refused],
    until: ({ reached }) =>
      Effect.all([reached(1), TestClock.adjust(250), reached(2), TestClock.adjust(400)]),
    isPause: true
  },
  "while the fallback is asked": {
    replies: [refused, refused, refused, silent],
    fallback: "the-other",
    until: ({ reached }) =>
      Effect.all([reached(1), TestClock.adjust(250), reached(2), TestClock.adjust(500), reached(4)])
  },
  "while the model reasons": {
    replies: [stalled(chat.delta({ reasoning: "Let me see" }))],
    sees: "Let me see",
    until: ({ seen }) => seen
  },
  "while the model writes": {
    replies: [stalled(chat.delta({ content: "Half a sen" }))],
    sees: "Half a sen",
    until: ({ seen }) => seen
  },
  "while a tool runs": {
    replies: [whole(...chat.call("c", "slow", {}))],
    until: ({ begun }) => begun
  },
  "between two rounds": {
    replies: [whole(...chat.call("c", "quick", {})), silent],
    until: ({ reached }) => reached(2)
  },
  "while a guardrail looks at the question": {
    replies: [whole(...chat.text("Done"))],
    options: (work) => ({ guardrails: { input: () => work } }),
    sees: "Done",
    until: ({ begun, seen }) => Effect.all([begun, seen])
  },
  "while a guardrail looks at the answer": {
    replies: [stalled(chat.delta({ content: "Half" }))],
    options: (work) => ({ guardrails: { output: () => work } }),
    until: ({ begun }) => begun
  },
  "while the title is made beside the answer": {
    replies: [stalled(chat.delta({ content: "Half" }))],
    title: stalled(chat.delta({ content: "A ti" })),
    sees: "Half",
    until: ({ reached, seen }) => Effect.all([reached(2), seen])
  },
  "while only the title is missing": {
    replies: [whole(...chat.text("Done"))],
    title: silent,
    sees: `"type":"thread.item.done","item":{"id":"msg_00000002"`,
    until: ({ reached, seen }) => Effect.all([reached(2), seen])
  },
  "between two tries for the title": {
    replies: [whole(...chat.text("Done"))],
    title: refused,
    sees: `"type":"thread.item.done","item":{"id":"msg_00000002"`,
    until: ({ reached, seen }) => Effect.all([reached(2), seen, TestClock.adjust(200)]),
    isPause: true
  }
}

const stoppedIn = ({ fallback, isPause, options, replies, sees, title, until }: Phase) => {
  const { begun, isRunning, work } = endlessWork()
  const rest = replies.slice()
  const { asked, client, isOpen, reached } = modelConnections((model) =>
    model === "small" && title !== undefined ? title : (rest.shift() ?? silent)
  )
  let fibers = 0
  const counting: Metric.FiberRuntimeMetricsService = {
    recordFiberStart: () => {
      fibers += 1
    },
    recordFiberEnd: () => {
      fibers -= 1
    }
  }
  const responder = Layer.unwrap(
    Effect.map(tools, (toolkit) => ModelResponder.layer({ toolkit, ...options?.(work) }))
  ).pipe(
    Layer.provide([
      tools.toLayer({ slow: () => work, quick: () => Effect.void }),
      ChatCompletions.layer({ url: "http://model.test", apiKey: undefined, model: "large" }).pipe(
        Layer.provide(Layer.succeed(HttpClient.HttpClient, client))
      ),
      Layer.succeed(ModelChoice, {
        ...ModelChoice.defaultValue(),
        model: "large",
        fallback,
        title: title === undefined ? undefined : "small"
      })
    ])
  )
  return Effect.gen(function* () {
    // The clock of tests forks a fiber that warns, until it is adjusted for the first time.
    yield* TestClock.adjust(0)
    const before = fibers
    yield* Effect.gen(function* () {
      const reply = yield* send(create("Hi"))
      if (!(reply instanceof RunningTurn)) return assert.fail("no stream")
      const seen = yield* Deferred.make<void>()
      yield* toStream(reply.events).pipe(
        Stream.runForEach((event) =>
          sees !== undefined && eventJson(event).includes(sees)
            ? Deferred.succeed(seen, undefined)
            : Effect.void
        ),
        Effect.forkScoped
      )
      yield* until({ reached, begun, seen: Deferred.await(seen) })
      assert.strictEqual(isOpen() || isRunning(), isPause === undefined)
    }).pipe(Effect.scoped)
    assert.isFalse(isOpen(), "a connection is open")
    assert.isFalse(isRunning(), "work goes on")
    assert.strictEqual(fibers, before)
    const requests = asked.length
    yield* TestClock.adjust("1 hour")
    assert.lengthOf(asked, requests)
  }).pipe(
    Effect.provide(chatKit(responder)),
    Effect.provideService(Metric.FiberRuntimeMetrics, counting)
  )
}

describe("an answer that is stopped", () => {
  for (const [when, phase] of Object.entries(phases)) {
    it.effect(`${when} leaves no connection and nothing running`, () => stoppedIn(phase))
  }
})
