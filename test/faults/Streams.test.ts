import { assert, describe, layer } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { onRealServer, TestDatabase } from "../support/Database.ts"
import { ask, eventsOf } from "../support/Client.ts"
import { assertOk, backends, behindProxy } from "../support/faults/ServerBehindProxy.ts"
import { eventually } from "../support/Eventually.ts"
import { gate, holdGate } from "../support/faults/Locks.ts"

const brokenOff = { type: "error", code: "stream.error", allow_retry: true }

/** A server on whose database the answer's last item is stored only when the gate is open. */
const gated = Effect.gen(function* () {
  const server = yield* behindProxy()
  yield* assertOk(ask(server.url, server.token))
  yield* server.database.exec(gate)
  return server
})

const waitingAtGate = Effect.flatMap(backends, (look) =>
  eventually(look, (all) => all.some(({ state, waits }) => state === "active" && waits === "Lock"))
)

describe.skipIf(!onRealServer)("an outage in the middle of a turn", () => {
  layer(TestDatabase.layer, { excludeTestServices: true })("on a real PostgreSQL", (it) => {
    const faults = {
      "a stuck statement": () => Effect.void,
      "a cut connection": (proxy: { cut: Effect.Effect<void> }) => proxy.cut,
      "a silent network": (proxy: { silence: Effect.Effect<void> }) => proxy.silence,
      "a database that is gone": (proxy: { refuse: Effect.Effect<void> }) => proxy.refuse
    }
    for (const [name, strike] of Object.entries(faults)) {
      it.effect(`ends the stream with one error event: ${name}`, () =>
        Effect.gen(function* () {
          const { logs, proxy, token, url } = yield* gated
          const { release: open } = yield* holdGate
          const asked = yield* Effect.forkChild(ask(url, token, { message: "Hello" }))
          yield* waitingAtGate
          yield* strike(proxy)
          const answer = yield* assertOk(Fiber.join(asked))
          const events = eventsOf(answer)
          assert.strictEqual(events[0]?.["type"], "thread.created")
          assert.deepStrictEqual(events.at(-1), brokenOff)
          assert.strictEqual(events.filter(({ type }) => type === "error").length, 1)
          assert.isTrue(answer.body.endsWith("\n\n"))
          assert.notMatch(answer.body, /Sql|Unavailable|chatkit\.|ECONN|Postgres|at .*:\d+/)
          assert.isTrue(logs.some((line) => line.includes("turn failed")))

          yield* open
          yield* proxy.heal
          const { id } = events[0]!["thread"] as { id: string }
          const read = yield* assertOk(
            ask(url, token, { type: "threads.get_by_id", params: { thread_id: id } })
          )
          assert.include(read.body, "Hello")
          const more = yield* assertOk(ask(url, token, { message: "Still there?", thread_id: id }))
          assert.strictEqual(eventsOf(more).at(-1)?.["type"], "thread.item.done")
        })
      )
    }
  })
})
