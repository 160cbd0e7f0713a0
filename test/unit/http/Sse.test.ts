import { assert, describe, it, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber, Queue, Stream } from "effect"
import type { HttpServerResponse } from "effect/http"
import { TestClock } from "effect/testing"
import type { ThreadStreamEvent } from "../../../src/protocol/Events.ts"
import type { Turn } from "../../../src/responder/Turn.ts"
import { DbUnavailable } from "../../../src/core/Errors.ts"
import { Draining } from "../../../src/http/Draining.ts"
import { sse } from "../../../src/http/Sse.ts"
import * as TurnEvents from "../../../src/turns/TurnEvents.ts"
import { responding } from "../../support/ChatKitService.ts"
import { storesWith } from "../../support/StoresMemory.ts"
import { ask, askUntil, eventsOf } from "../../support/Client.ts"
import { ServerOnDoubles, tokenFor } from "../../support/http/ServerOnDoubles.ts"

const assistantItem = (turn: Turn) =>
  Stream.fromEffect(
    Effect.map(turn.newItem("message"), (base) => ({
      type: "thread.item.added" as const,
      item: { ...base, type: "assistant_message" as const, content: [] }
    }))
  )

const lastWords = `data: {"type":"error","code":"stream.error","allow_retry":true}\n\n`

/** The stream of OpenAI's reference server; ids are counted and times are one. */
const reference = [
  `{"type":"thread.created","thread":{"id":"thr_1","created_at":"T","status":{"type":"active"},"metadata":{},"items":{"data":[],"has_more":false}}}`,
  `{"type":"thread.item.done","item":{"id":"msg_1","thread_id":"thr_1","created_at":"T","type":"user_message","content":[{"type":"input_text","text":"hello wörld"}],"attachments":[],"quoted_text":"","inference_options":{}}}`,
  `{"type":"stream_options","stream_options":{"allow_cancel":true}}`,
  `{"type":"thread.item.added","item":{"id":"msg_2","thread_id":"thr_1","created_at":"T","type":"assistant_message","content":[]}}`,
  `{"type":"thread.item.updated","item_id":"msg_2","update":{"type":"assistant_message.content_part.added","content_index":0,"content":{"annotations":[],"text":"","type":"output_text"}}}`,
  `{"type":"thread.item.updated","item_id":"msg_2","update":{"type":"assistant_message.content_part.text_delta","content_index":0,"delta":"Echo:"}}`,
  `{"type":"thread.item.updated","item_id":"msg_2","update":{"type":"assistant_message.content_part.text_delta","content_index":0,"delta":" hello"}}`,
  `{"type":"thread.item.updated","item_id":"msg_2","update":{"type":"assistant_message.content_part.text_delta","content_index":0,"delta":" wörld"}}`,
  `{"type":"thread.item.updated","item_id":"msg_2","update":{"type":"assistant_message.content_part.done","content_index":0,"content":{"annotations":[],"text":"Echo: hello wörld","type":"output_text"}}}`,
  `{"type":"thread.item.done","item":{"id":"msg_2","thread_id":"thr_1","created_at":"T","type":"assistant_message","content":[{"annotations":[],"text":"Echo: hello wörld","type":"output_text"}]}}`
]
  .map((event) => `data: ${event}\n\n`)
  .join("")

/** Random ids as counted ones, in the order they appear, and every well-formed time as `T`. */
const counted = (body: string) => {
  const seen: Record<string, Array<string>> = { thr: [], msg: [] }
  return body
    .replace(/"(thr|msg)_([0-9a-f]{32})"/g, (_, prefix: string, id: string) => {
      const ids = seen[prefix]!
      if (!ids.includes(id)) ids.push(id)
      return `"${prefix}_${ids.indexOf(id) + 1}"`
    })
    .replace(/"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}000)?Z"/g, `"T"`)
}

layer(ServerOnDoubles.layer(), { excludeTestServices: true })("a stream", (it) => {
  it.effect("is the reference's, byte for byte", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const answer = yield* ask(url, yield* tokenFor("ada"), {
        type: "threads.create",
        params: {
          input: {
            content: [{ type: "input_text", text: "hello wörld" }],
            attachments: [],
            quoted_text: "",
            inference_options: {}
          }
        }
      })
      assert.strictEqual(answer.status, 200)
      assert.strictEqual(counted(answer.body), reference)
    })
  )

  it.effect("keeps one event on one line, whatever the text", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const message = 'a\r\nb\n\ndata: {"type":"error"}\u2028\u2029\u0000\ud83d\ude00'
      const answer = yield* ask(url, yield* tokenFor("ada"), { message })
      const frames = answer.body.split("\n\n")
      assert.strictEqual(frames.pop(), "")
      for (const frame of frames) assert.match(frame, /^data: \{[^\r\n]*\}$/)
      const [, mine] = eventsOf(answer)
      assert.deepNestedInclude(mine, {
        "item.content": [{ type: "input_text", text: message }]
      })
    })
  )
})

describe("a stream whose turn", () => {
  const endOf = Effect.fnUntraced(function* () {
    const { url } = yield* ServerOnDoubles
    return yield* ask(url, yield* tokenFor("ada"), { message: "Hello" })
  })

  it.live("fails or dies ends with an error event that gives nothing away", () =>
    Effect.gen(function* () {
      for (const broken of [Stream.fail("hunter2"), Stream.die(new Error("hunter2"))]) {
        const responder = responding((turn) => Stream.concat(assistantItem(turn), broken))
        const { body, status } = yield* Effect.provide(
          endOf(),
          ServerOnDoubles.layer({ responder })
        )
        assert.strictEqual(status, 200)
        assert.isTrue(body.endsWith(lastWords), body)
        assert.include(body, "thread.item.added")
        assert.notInclude(body, "hunter2")
      }
    })
  )

  it.live("cannot be stored any more ends with an error event", () =>
    Effect.gen(function* () {
      const store = storesWith(() => ({
        commit: () => Effect.fail(new DbUnavailable({ operation: "test" }))
      }))
      const { body } = yield* Effect.provide(endOf(), ServerOnDoubles.layer({ store }))
      assert.isTrue(body.endsWith(lastWords), body)
      assert.include(body, "content_part.done")
    })
  )

  it.live("is under way when the server stops ends with a retryable error event", () =>
    Effect.gen(function* () {
      const begun = yield* Deferred.make<void>()
      const ended = yield* Deferred.make<void>()
      const responder = responding((turn) =>
        assistantItem(turn).pipe(
          Stream.concat(Stream.fromEffect(Deferred.succeed(begun, undefined)).pipe(Stream.drain)),
          Stream.concat(Stream.never),
          Stream.ensuring(Deferred.succeed(ended, undefined))
        )
      )
      yield* Effect.gen(function* () {
        const { draining } = yield* ServerOnDoubles
        const open = yield* Effect.forkChild(endOf())
        yield* Deferred.await(begun)
        yield* draining.begin
        const { body, status } = yield* Fiber.join(open)
        assert.strictEqual(status, 200)
        assert.isTrue(body.endsWith(lastWords), body)
        assert.strictEqual(body.split(lastWords).length, 2)
        yield* Deferred.await(ended)
      }).pipe(Effect.provide(ServerOnDoubles.layer({ responder })))
    })
  )

  it.live("lost its client is interrupted, and logs no failure", () =>
    Effect.gen(function* () {
      const ended = yield* Deferred.make<void>()
      const responder = responding((turn) =>
        assistantItem(turn).pipe(
          Stream.concat(Stream.never),
          Stream.ensuring(Deferred.succeed(ended, undefined))
        )
      )
      yield* Effect.gen(function* () {
        const { logs, url } = yield* ServerOnDoubles
        yield* askUntil(url, yield* tokenFor("ada"), { message: "Hello" }, "thread.item.added")
        yield* Deferred.await(ended)
        assert.notInclude(logs.join("\n"), "turn failed")
        assert.notInclude(logs.join("\n"), "defect")
      }).pipe(Effect.provide(ServerOnDoubles.layer({ responder })))
    })
  )
})

describe("sse", () => {
  const bytesOf = ({ body }: HttpServerResponse.HttpServerResponse) => {
    assert(body._tag === "Stream")
    const bytes = body.stream as Stream.Stream<Uint8Array>
    return Stream.map(bytes, (chunk) => Buffer.from(chunk).toString("utf8"))
  }
  const options: ThreadStreamEvent = {
    type: "stream_options",
    stream_options: { allow_cancel: true }
  }
  const frame = `data: {"type":"stream_options","stream_options":{"allow_cancel":true}}\n\n`
  const keepAlive = ": keep-alive\n\n"

  it.effect("says that it is there after every 15 quiet seconds, and nothing before", () =>
    Effect.gen(function* () {
      const events = yield* TurnEvents.make
      const told = yield* Queue.make<string>()
      const response = yield* sse(yield* Draining, events, Effect.succeed([]))
      yield* Effect.forkChild(
        Stream.runForEach(bytesOf(response), (text) => Queue.offer(told, text))
      )
      yield* TurnEvents.send(events, [options])
      assert.strictEqual(yield* Queue.take(told), frame)
      yield* TestClock.adjust("14999 millis")
      assert.strictEqual(yield* Queue.size(told), 0)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* Queue.take(told), keepAlive)
      yield* TestClock.adjust("15 seconds")
      assert.strictEqual(yield* Queue.take(told), keepAlive)
      yield* TestClock.adjust("10 seconds")
      yield* TurnEvents.send(events, [options])
      assert.strictEqual(yield* Queue.take(told), frame)
      yield* TestClock.adjust("14999 millis")
      assert.strictEqual(yield* Queue.size(told), 0)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* Queue.take(told), keepAlive)
    }).pipe(Effect.provide(Draining.layer))
  )

  it.effect("ends with its events, not with the next keep-alive", () =>
    Effect.gen(function* () {
      const events = yield* TurnEvents.make
      const response = yield* sse(yield* Draining, events, Effect.succeed([]))
      yield* TurnEvents.send(events, [options, options]).pipe(
        Effect.andThen(Queue.end(events)),
        Effect.forkChild
      )
      const texts = yield* Stream.runCollect(bytesOf(response))
      assert.strictEqual(Array.from(texts).join(""), frame + frame)
    }).pipe(Effect.provide(Draining.layer))
  )
})
