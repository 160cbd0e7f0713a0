import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import { get, request } from "../../support/Client.ts"
import { partsOf, sendRaw } from "../../support/http/RawConnection.ts"
import { ServerOnDoubles, tokenFor } from "../../support/http/ServerOnDoubles.ts"

const delay = 1_000

/** A server that is told to stop when `stop` runs; it returns when the server has stopped. */
const stoppable = Effect.gen(function* () {
  const scope = yield* Scope.make()
  const context = yield* Layer.buildWithScope(
    ServerOnDoubles.layer({ shutdownDelay: delay }),
    scope
  )
  const { draining, url } = Context.get(context, ServerOnDoubles)
  return { draining, url, stop: Scope.close(scope, Exit.void) }
})

const shuttingDown = `{"error":"Service temporarily unavailable","status":503}`

describe("a server that is told to stop", () => {
  it.effect("G3: answers 503 on new connections for the delay, and then closes its port", () =>
    Effect.gen(function* () {
      const { draining, stop, url } = yield* stoppable
      const token = yield* tokenFor("ada")
      const stopping = yield* Effect.forkChild(stop)
      yield* draining.await
      for (const at of [0, delay - 1]) {
        yield* TestClock.adjust(at)
        const ready = yield* get(url, "/readyz")
        assert.deepStrictEqual(
          [ready.status, ready.body, ready.headers.connection],
          [503, `{"error":"Not ready: shutting down","status":503}`, "close"]
        )
        const asked = yield* request(url, { headers: { authorization: `Bearer ${token}` } })
        assert.deepStrictEqual(
          [asked.status, asked.body, asked.headers.connection],
          [503, shuttingDown, "close"]
        )
        assert.match(asked.headers["retry-after"] ?? "", /^[1-9]\d*$/)
        assert.strictEqual((yield* get(url, "/healthz")).status, 200)
      }
      yield* TestClock.adjust(1)
      yield* Fiber.join(stopping)
      assert.isTrue(Exit.isFailure(yield* Effect.exit(get(url, "/readyz"))))
    })
  )

  it.effect("G3: resets none of the connections that wait to be accepted", () =>
    Effect.gen(function* () {
      const { draining, stop, url } = yield* stoppable
      // The system completes the handshake: the server accepts in a later turn of the event loop.
      const asking = yield* Effect.forEach(
        Array.from({ length: 50 }, () => "GET /support/health HTTP/1.1\r\nhost: a\r\n\r\n"),
        (bytes) => Effect.forkChild(sendRaw(url, bytes), { startImmediately: true })
      )
      const stopping = yield* Effect.forkChild(stop, { startImmediately: true })
      assert.isTrue(draining.begun())
      for (const fiber of asking) {
        const { headers, status } = partsOf(yield* Fiber.join(fiber))
        assert.deepStrictEqual([status, headers["connection"]], [200, "close"])
      }
      yield* TestClock.adjust(delay)
      yield* Fiber.join(stopping)
    })
  )
})
