import { assert, describe, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import { eventually } from "../../support/Eventually.ts"
import { openStream, threadOf } from "../../support/StreamClient.ts"
import { ask, eventsOf } from "../../support/Client.ts"
import { ServerOnDoubles, tokenFor } from "../../support/http/ServerOnDoubles.ts"

const sentence = "Too many answers are streaming at once: wait until one has ended"
const tooMany = `{"error":"${sentence}","status":429,"message":"${sentence}"}`

/** So many answers of ada's that do not end by themselves. */
const holding = Effect.fnUntraced(function* (count: number) {
  const { url } = yield* ServerOnDoubles
  const token = yield* tokenFor("ada")
  const clients = yield* Effect.forEach(Array.from({ length: count }), () =>
    openStream(url, token, { message: "/pause" })
  )
  for (const client of clients) yield* client.hears("stream_options")
  return { clients, token, url }
})

const threads = Effect.fnUntraced(function* (url: string, token: string) {
  const { body } = yield* ask(url, token)
  return (JSON.parse(body) as { readonly data: ReadonlyArray<{ readonly id: string }> }).data
})

/** Each test has a server of its own, and its clients leave before it stops. */
const onServer =
  (env: Record<string, string> = {}) =>
  <A, E>(test: Effect.Effect<A, E, ServerOnDoubles | Scope.Scope>) =>
    Effect.provide(Effect.scoped(test), ServerOnDoubles.layer({ env }))

/** 404 while there is room for another answer, and 429 when there is none. */
const probe = (url: string, token: string) =>
  Effect.map(ask(url, token, { message: "Hello", thread_id: "thr_none" }), ({ status }) => status)

/** Requests that take the place of an eighth answer and have ended then. */
const endings: Record<
  string,
  (url: string, token: string, held: string) => Effect.Effect<unknown>
> = {
  "an answer that has ended": (url, token) => ask(url, token, { message: "Hello" }),
  "an answer that has failed": (url, token) => ask(url, token, { message: "/raise no" }),
  "a thread that is not there": probe,
  "a conflict": (url, token) =>
    Effect.gen(function* () {
      const begun = yield* ask(url, token, { message: "Hello" })
      const params = { thread_id: threadOf(eventsOf(begun)), result: null }
      yield* eventually(
        ask(url, token, { type: "threads.add_client_tool_output", params }),
        ({ status }) => status === 409
      )
    }),
  "a client that has hung up": (url, token) =>
    Effect.scoped(
      Effect.gen(function* () {
        const client = yield* openStream(url, token, { message: "/partial Hello\n/pause" })
        yield* client.hears(`"delta":"Hello"`)
      })
    ),
  "a client that hung up while it waited for its turn": (url, token, held) =>
    Effect.scoped(
      Effect.gen(function* () {
        yield* openStream(url, token, { message: "Hello", thread_id: held })
        yield* eventually(probe(url, token), (status) => status === 429)
      })
    )
}

describe("the ninth answer at a time", () => {
  it.live("is refused with 429, and nothing of it is stored", () =>
    Effect.gen(function* () {
      const { clients, token, url } = yield* holding(8)
      const thread_id = threadOf(clients[0]!.heard())
      const before = yield* threads(url, token)
      for (const body of [{ message: "Hello" }, { message: "Hello", thread_id }]) {
        const answer = yield* ask(url, token, body)
        assert.deepStrictEqual([answer.status, answer.body], [429, tooMany])
        assert.match(answer.headers["retry-after"] ?? "", /^[1-9]\d*$/)
        assert.strictEqual(answer.headers["content-type"], "application/json")
      }
      assert.deepStrictEqual(yield* threads(url, token), before)
      const { body } = yield* ask(url, token, { type: "items.list", params: { thread_id } })
      assert.notInclude(body, "Hello")
    }).pipe(onServer())
  )

  it.live("blocks no other user, and no request that does not stream", () =>
    Effect.gen(function* () {
      const { clients, token, url } = yield* holding(8)
      const theirs = yield* ask(url, yield* tokenFor("grace"), { message: "Hello" })
      assert.strictEqual(eventsOf(theirs).at(-1)?.["type"], "thread.item.done")
      const thread_id = threadOf(clients[0]!.heard())
      for (const type of ["threads.get_by_id", "items.list", "threads.list"]) {
        const answers = yield* Effect.forEach(
          Array.from({ length: 9 }),
          () => ask(url, token, { type, params: { thread_id } }),
          { concurrency: "unbounded" }
        )
        assert.isTrue(answers.every(({ status }) => status === 200))
      }
    }).pipe(onServer())
  )

  it.live("is refused when all come at once, too", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const token = yield* tokenFor("ada")
      const clients = yield* Effect.forEach(Array.from({ length: 20 }), () =>
        openStream(url, token, { message: "/pause" })
      )
      const statuses = yield* Effect.forEach(clients, ({ status }) => status)
      assert.strictEqual(statuses.filter((status) => status === 200).length, 8)
      assert.strictEqual(statuses.filter((status) => status === 429).length, 12)
    }).pipe(onServer())
  )

  for (const [name, end] of Object.entries(endings)) {
    it.live(`is taken after ${name}, again and again`, () =>
      Effect.gen(function* () {
        const { clients, token, url } = yield* holding(7)
        const held = threadOf(clients[0]!.heard())
        for (let round = 0; round < 3; round++) {
          yield* eventually(probe(url, token), (status) => status === 404)
          yield* end(url, token, held)
        }
        yield* eventually(probe(url, token), (status) => status === 404)
        const eighth = yield* openStream(url, token, { message: "/pause" })
        assert.strictEqual(yield* eighth.status, 200)
        assert.strictEqual(yield* probe(url, token), 429)
      }).pipe(onServer())
    )
  }

  it.live("is moved by STREAMS_PER_USER", () =>
    Effect.gen(function* () {
      const { clients, token, url } = yield* holding(2)
      assert.strictEqual(yield* probe(url, token), 429)
      yield* clients[0]!.leave
      yield* eventually(probe(url, token), (status) => status === 404)
    }).pipe(onServer({ STREAMS_PER_USER: "2" }))
  )
})
