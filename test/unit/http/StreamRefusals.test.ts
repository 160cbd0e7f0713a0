import * as http from "node:http"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, type Scope } from "effect"
import { DbUnavailable } from "../../../src/core/Errors.ts"
import { asksForStream } from "../../../src/http/StreamRefusals.ts"
import { TurnWait } from "../../../src/turns/TurnLeases.ts"
import { type Answer, chatKitRequest, eventsOf, request } from "../../support/Client.ts"
import { eventually } from "../../support/Eventually.ts"
import { ServerOnDoubles, tokenFor } from "../../support/http/ServerOnDoubles.ts"
import { openStream, threadOf } from "../../support/StreamClient.ts"
import { storesWith } from "../../support/StoresMemory.ts"

const eventStream = "text/event-stream"

const connection = Effect.gen(function* () {
  const { url } = yield* ServerOnDoubles
  const token = yield* tokenFor("ada")
  /** A request as ChatKit's client sends one that streams, or with another `Accept`. */
  const send = (body: unknown, accept = eventStream, headers: Record<string, string> = {}) =>
    request(url, { headers: { authorization: `Bearer ${token}`, accept, ...headers }, body })
  const begin = Effect.fnUntraced(function* (message: string) {
    return threadOf(eventsOf(yield* send({ message })))
  })
  return { begin, send, token, url }
})

const onServer =
  (env: Record<string, string> = {}) =>
  <A, E>(test: Effect.Effect<A, E, ServerOnDoubles | Scope.Scope>) =>
    Effect.provide(Effect.scoped(test), ServerOnDoubles.layer({ env }))

const error = (message: string, allow_retry = false) => ({
  type: "error",
  code: "custom",
  message,
  allow_retry
})

/** The answer is a stream of just these events. */
const assertEvents = (answer: Answer, ...events: ReadonlyArray<object>) => {
  assert.strictEqual(answer.status, 200, answer.body)
  assert.strictEqual(answer.headers["content-type"], "text/event-stream; charset=utf-8")
  assert.strictEqual(
    answer.body,
    events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("")
  )
}

const operations = (thread_id: string): ReadonlyArray<Record<string, unknown>> => {
  const item_id = "msg_none"
  const input = { content: [{ type: "input_text", text: "Hi" }], attachments: [] }
  return [
    {
      type: "threads.add_user_message",
      params: { thread_id, input: { ...input, inference_options: {} } }
    },
    { type: "threads.add_client_tool_output", params: { thread_id, result: 1 } },
    {
      type: "threads.add_structured_input",
      params: { thread_id, item_id, input: { answers: {} } }
    },
    { type: "threads.custom_action", params: { thread_id, action: { type: "x" } } },
    { type: "threads.retry_after_item", params: { thread_id, item_id } }
  ]
}

describe("E1: a client that asks for a stream", () => {
  it.live("reads why a thread takes no more, and gets the thread to lock its composer", () =>
    Effect.gen(function* () {
      const { begin, send } = yield* connection
      for (const [status, sentence] of [
        ["locked|Under review", "This thread is locked: Under review"],
        ["closed", "This thread is closed"]
      ] as const) {
        const thread_id = yield* begin(`/status ${status}`)
        const thread = JSON.parse(
          (yield* send({ type: "threads.get_by_id", params: { thread_id } })).body
        ) as Record<string, unknown>
        for (const operation of operations(thread_id)) {
          const answer = yield* send(operation)
          const [updated, last] = eventsOf(answer)
          assert(updated !== undefined && last !== undefined)
          assertEvents(answer, updated, last)
          assert.strictEqual(updated["type"], "thread.updated")
          const sent = updated["thread"] as Record<string, unknown>
          assert.deepStrictEqual([sent["id"], sent["status"]], [thread_id, thread["status"]])
          const isRetry = operation["type"] === "threads.retry_after_item"
          assert.deepStrictEqual(last, error(sentence, isRetry))
        }
      }
    }).pipe(onServer())
  )

  it.live("reads that the thread, the item or the call is not there", () =>
    Effect.gen(function* () {
      const { begin, send } = yield* connection
      for (const operation of operations("thr_none")) {
        const isRetry = operation["type"] === "threads.retry_after_item"
        assertEvents(yield* send(operation), error("Thread not found", isRetry))
      }
      const thread_id = yield* begin("Hello")
      const [, output, structured, , retry] = operations(thread_id)
      assertEvents(
        yield* send(output),
        error("No client tool call waits for an output in this thread")
      )
      assertEvents(yield* send(structured), error("Item not found"))
      assertEvents(yield* send(retry), error("Item not found", true))
    }).pipe(onServer())
  )

  it.live("reads what is wrong with a body that is too large, malformed or of another type", () =>
    Effect.gen(function* () {
      const { send } = yield* connection
      const tooLarge = yield* send({ message: "x".repeat(70_000) })
      assert.deepInclude(eventsOf(tooLarge)[0], { type: "error", code: "custom" })
      assert.match(String(eventsOf(tooLarge)[0]?.["message"]), /too large/)
      assertEvents(yield* send("{"), error("Invalid request body: it is not JSON"))
      const missing = yield* send({ type: "threads.add_user_message", params: {} })
      assert.match(String(eventsOf(missing)[0]?.["message"]), /params\.thread_id/)
      const csv = yield* send("a,b", eventStream, { "content-type": "text/csv" })
      assertEvents(csv, error("Unsupported content type: send application/json"))
    }).pipe(onServer({ BODY_LIMIT: "64KiB" }))
  )

  it.live("reads that too many answers stream, and an outage, which is no refusal", () =>
    Effect.gen(function* () {
      const { send, token, url } = yield* connection
      const client = yield* openStream(url, token, { message: "/pause" })
      yield* client.hears("stream_options")
      assertEvents(
        yield* send({ message: "Hello" }),
        error("Too many answers are streaming at once: wait until one has ended")
      )
    }).pipe(onServer({ STREAMS_PER_USER: "1" }))
  )

  it.live("reads of an outage that comes before the first event", () =>
    Effect.gen(function* () {
      const { send } = yield* connection
      assertEvents(yield* send({ message: "Hi" }), error("Service temporarily unavailable"))
      const { body, status } = yield* send({ message: "Hi" }, "application/json")
      assert.deepStrictEqual([status, JSON.parse(body).status], [503, 503])
    }).pipe(
      Effect.scoped,
      Effect.provide(
        ServerOnDoubles.layer({
          store: storesWith(() => ({
            createThread: () => Effect.fail(new DbUnavailable({ operation: "test" }))
          }))
        })
      )
    )
  )

  it.live("reads nothing of a bug but that there is one, and the log has it", () =>
    Effect.gen(function* () {
      const { send } = yield* connection
      const { logs } = yield* ServerOnDoubles
      assertEvents(yield* send({ message: "Hi" }), error("Internal server error"))
      assert.isTrue(logs.some((line) => line.includes("defect") && line.includes("a bug")))
    }).pipe(
      Effect.scoped,
      Effect.provide(
        ServerOnDoubles.layer({
          store: storesWith(() => ({ createThread: () => Effect.die(new Error("a bug")) }))
        })
      )
    )
  )

  it.live("gets the statuses of everybody else for operations that do not stream", () =>
    Effect.gen(function* () {
      const { send } = yield* connection
      const unknown = yield* send({ type: "threads.get_by_id", params: { thread_id: "thr_none" } })
      assert.strictEqual(unknown.status, 404)
      const malformed = yield* send({ type: "threads.get_by_id", params: {} })
      assert.strictEqual(malformed.status, 400)
      const list = yield* send({ type: "threads.list", params: {} })
      assert.strictEqual(list.headers["content-type"], "application/json")
    }).pipe(onServer())
  )

  it.live("is authenticated with a status, like everybody", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const headers = { accept: eventStream, authorization: "Bearer nonsense" }
      const { status } = yield* request(url, { headers, body: { message: "Hello" } })
      assert.strictEqual(status, 401)
    }).pipe(onServer())
  )
})

describe("E1: a client that does not name event streams", () => {
  it("is one with a wildcard, another type, or a quality of zero", () => {
    for (const accept of [
      "text/event-stream",
      "application/json, text/event-stream;q=0.5",
      "TEXT/Event-Stream; charset=utf-8",
      "*/*;q=0, text/event-stream"
    ]) {
      assert.isTrue(asksForStream(accept), accept)
    }
    for (const accept of [
      undefined,
      "",
      "*/*",
      "text/*",
      "application/json",
      "text/event-streams",
      "text/event-stream;q=0",
      "text/event-stream; q=0.0, */*"
    ]) {
      assert.isFalse(asksForStream(accept), accept)
    }
  })

  it.live("gets the status of the refusal", () =>
    Effect.gen(function* () {
      const { begin, send } = yield* connection
      const thread_id = yield* begin("/status closed")
      const message = { message: "Hello", thread_id }
      for (const accept of ["*/*", "application/json", "text/event-stream;q=0"]) {
        const { body, status } = yield* send(message, accept)
        const sentence = "This thread is closed"
        assert.deepStrictEqual(
          [status, body],
          [409, JSON.stringify({ error: sentence, status: 409, message: sentence })]
        )
      }
    }).pipe(onServer())
  )
})

/** A turn that holds a thread until it leaves, and one with this message that waits behind it. */
const waiting = Effect.fnUntraced(function* (message: string) {
  const { send, token, url } = yield* connection
  const open = (body: unknown) => openStream(url, token, body, { accept: eventStream })
  const first = yield* open({ message: "/pause" })
  yield* first.hears("stream_options")
  const thread_id = threadOf(first.heard())
  return { first, second: yield* open({ message, thread_id }), send, thread_id }
})

describe("E1: a turn that waits for its thread", () => {
  it.live("has its stream open, with Stop on offer, and answers when its turn comes", () =>
    Effect.gen(function* () {
      const { first, second, send, thread_id } = yield* waiting("/say Second")
      assert.deepStrictEqual(yield* second.hears("stream_options"), {
        type: "stream_options",
        stream_options: { allow_cancel: true }
      })
      assert.strictEqual(yield* second.status, 200)
      yield* first.leave
      const types = (yield* second.end).map(({ type }) => type)
      assert.deepStrictEqual(types.slice(0, 2), ["stream_options", "thread.item.done"])
      assert.lengthOf(
        types.filter((type) => type === "stream_options"),
        1
      )
      assert.match(JSON.stringify(second.heard().at(-1)), /Second/)
      // A turn that need not wait is the reference's, in its order.
      const third = eventsOf(yield* send({ message: "/say Third", thread_id }))
      assert.deepStrictEqual(
        third.slice(0, 2).map(({ type }) => type),
        ["thread.item.done", "stream_options"]
      )
    }).pipe(onServer())
  )

  it.live("is over when its client stops it, and leaves nothing in the thread", () =>
    Effect.gen(function* () {
      const { first, second, send, thread_id } = yield* waiting("/say Never")
      yield* second.hears("stream_options")
      yield* second.leave
      const elsewhere = { message: "Hello", thread_id: "thr_none" }
      yield* eventually(send(elsewhere, "*/*"), ({ status }) => status === 404)
      yield* first.leave
      yield* send({ message: "/say Third", thread_id })
      const { body } = yield* send({ type: "items.list", params: { thread_id } })
      assert.notInclude(body, "Never")
      assert.include(body, "Third")
    }).pipe(onServer({ STREAMS_PER_USER: "2" }))
  )

  it.live("reads that it waited too long", () =>
    Effect.gen(function* () {
      const { second } = yield* waiting("/say Never")
      const events = yield* second.end
      assert.deepStrictEqual(
        events.map(({ type }) => type),
        ["stream_options", "error"]
      )
      assert.deepStrictEqual(
        events[1],
        error("Another answer is still being written in this thread: wait for it, or stop it")
      )
    }).pipe(
      Effect.scoped,
      Effect.provide(ServerOnDoubles.layer().pipe(Layer.provide(Layer.succeed(TurnWait, 200))))
    )
  )
})

/** One turn after the other on one connection; the next begins when the last byte was seen. */
const turns = Effect.fnUntraced(function* (count: number) {
  const { token, url } = yield* connection
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  yield* Effect.addFinalizer(() => Effect.sync(() => agent.destroy()))
  const statuses = new Map<number, number>()
  for (let turn = 0; turn < count; turn++) {
    const status = yield* Effect.callback<number>((resume) => {
      const sent = chatKitRequest(url, token, {}, agent)
      sent.on("response", (response) => {
        response.resume()
        response.on("end", () => resume(Effect.succeed(response.statusCode ?? 0)))
      })
      sent.end(JSON.stringify({ message: "/say Hi" }))
    })
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
  }
  return Object.fromEntries(statuses)
}, Effect.scoped)

describe("the place of a stream", () => {
  it.live("is free before its end can be seen: 1,000 turns one after the other need one", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* turns(1000), { 200: 1000 })
    }).pipe(onServer({ STREAMS_PER_USER: "1" }))
  )

  it.live("is free before its end can be seen: eight loops need eight", () =>
    Effect.gen(function* () {
      const loops = Array.from({ length: 8 }, () => turns(80))
      const statuses = yield* Effect.all(loops, { concurrency: "unbounded" })
      assert.deepStrictEqual(
        statuses,
        Array.from({ length: 8 }, () => ({ 200: 80 }))
      )
    }).pipe(onServer())
  )
})
