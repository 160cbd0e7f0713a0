import { assert, describe, it } from "@effect/vitest"
import { Clock, Deferred, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { UserId } from "../../../src/core/User.ts"
import { UserLimits, userLimits } from "../../../src/core/UserLimits.ts"
import { ask, askHalf, eventsOf, request } from "../../support/Client.ts"
import { eventually } from "../../support/Eventually.ts"
import { ServerOnDoubles, tokenFor } from "../../support/http/ServerOnDoubles.ts"

const ada = UserId.make("ada")
const sentence = "Too many requests: wait a moment, then try again"

describe("D2: the requests of one user at once", () => {
  it.live("are so many and no more, also while their bodies never end, and others go on", () =>
    Effect.gen(function* () {
      const { url } = yield* ServerOnDoubles
      const token = yield* tokenFor("ada")
      const body = JSON.stringify({ type: "threads.list", params: {} })
      const first = yield* askHalf(url, token, body)
      const second = yield* askHalf(url, token, body)
      const headers = { authorization: `Bearer ${token}`, accept: "text/event-stream" }
      const [refused, streamed] = yield* Effect.all(
        [
          eventually(ask(url, token), ({ status }) => status === 429),
          eventually(
            request(url, { headers, body: { message: "Hello" } }),
            (answer) => eventsOf(answer).length === 1
          )
        ],
        { concurrency: 2 }
      )
      assert.strictEqual(
        refused.body,
        JSON.stringify({ error: sentence, status: 429, message: sentence })
      )
      assert.match(refused.headers["retry-after"] ?? "", /^[1-9]\d*$/)
      assert.deepStrictEqual(eventsOf(streamed), [
        { type: "error", code: "custom", message: sentence, allow_retry: false }
      ])
      assert.strictEqual((yield* ask(url, yield* tokenFor("grace"))).status, 200)
      assert.strictEqual((yield* first.complete).status, 200)
      yield* second.leave
      yield* eventually(ask(url, token), ({ status }) => status === 200)
    }).pipe(
      Effect.scoped,
      Effect.provide(ServerOnDoubles.layer({ env: { REQUESTS_AT_ONCE_PER_USER: "2" } }))
    )
  )
})

const limits = userLimits({ requestsAtOnce: 2, requestsPerSecond: 4 })

/** Work that has begun, and what ends it. */
const heldBy = Effect.fnUntraced(function* (user: UserId) {
  const { limited } = yield* UserLimits
  const over = yield* Deferred.make<void>()
  yield* Effect.forkChild(limited(user)(Deferred.await(over)), { startImmediately: true })
  return { end: Deferred.succeed(over, undefined) }
})

/** Says when the work was done or refused, in milliseconds from now. */
const timed = Effect.fnUntraced(function* <E>(work: Effect.Effect<unknown, E>) {
  const began = yield* Clock.currentTimeMillis
  const exit = yield* Effect.exit(work)
  return [Exit.isSuccess(exit), (yield* Clock.currentTimeMillis) - began] as const
})

/** All of these works begun at once, with the clock going on until they are over. */
const together = Effect.fnUntraced(function* <E>(works: ReadonlyArray<Effect.Effect<unknown, E>>) {
  const all = yield* Effect.forkChild(Effect.forEach(works, timed, { concurrency: "unbounded" }), {
    startImmediately: true
  })
  yield* TestClock.adjust("10 seconds")
  return yield* Fiber.join(all)
})

const times = <A>(count: number, value: A) => Array.from({ length: count }, () => value)

describe("D2: what one user asks for", () => {
  it.effect("waits up to a second for a place, so that refusals are no flood", () =>
    Effect.gen(function* () {
      const { limited } = yield* UserLimits
      const { end } = yield* heldBy(ada)
      yield* heldBy(ada)
      assert.deepStrictEqual(yield* together([limited(ada)(Effect.void)]), [[false, 1_000]])
      const waits = yield* Effect.forkChild(timed(limited(ada)(Effect.void)))
      yield* TestClock.adjust(600)
      yield* end
      assert.deepStrictEqual(yield* Fiber.join(waits), [true, 600])
    }).pipe(Effect.provide(limits))
  )

  it.effect("is refused at once where too much waits already, and others go on", () =>
    Effect.gen(function* () {
      const { limited } = yield* UserLimits
      yield* heldBy(ada)
      yield* heldBy(ada)
      const waiting = times(16, limited(ada)(Effect.void))
      const all = [
        ...waiting,
        limited(ada)(Effect.void),
        limited(UserId.make("grace"))(Effect.void)
      ]
      assert.deepStrictEqual(yield* together(all), [
        ...times(16, [false, 1_000] as const),
        [false, 0],
        [true, 0]
      ])
    }).pipe(Effect.provide(limits))
  )

  it.effect("is so much a second and no more: the rest waits, or is refused after a second", () =>
    Effect.gen(function* () {
      const { limited } = yield* UserLimits
      const many = userLimits({ requestsAtOnce: 20, requestsPerSecond: 4 })
      const asked = yield* Effect.provide(
        Effect.flatMap(UserLimits, ({ limited }) => together(times(10, limited(ada)(Effect.void)))),
        many
      )
      assert.deepStrictEqual(asked, [
        ...times(4, [true, 0] as const),
        ...[250, 500, 750, 1_000].map((after) => [true, after] as const),
        ...times(2, [false, 1_000] as const)
      ])
      assert.deepStrictEqual(yield* together([limited(ada)(Effect.void)]), [[true, 0]])
    }).pipe(Effect.provide(limits))
  )

  it.effect("D1: counts a large body as several requests, and is parsed in its turn", () =>
    Effect.gen(function* () {
      const { takeBody } = yield* UserLimits
      const bodies = [32 * 1024 - 1, 96 * 1024, 32 * 1024, 64 * 1024, 2 ** 20, 2 ** 20]
      assert.deepStrictEqual(yield* together(bodies.map((length) => takeBody(ada, length))), [
        [true, 0],
        [true, 0],
        [true, 0],
        [true, 250],
        [true, 750],
        [false, 1_000]
      ])
    }).pipe(Effect.provide(limits))
  )

  it.effect("D3: reads one page at a time, and its pieces only as fast as requests", () =>
    Effect.gen(function* () {
      const { reading } = yield* UserLimits
      const page = reading(ada)(
        Effect.fnUntraced(function* ({ hasRead, mayRead }) {
          for (const length of [256 * 1024, 384 * 1024, 10]) {
            yield* mayRead
            yield* hasRead(length)
          }
        })
      )
      assert.deepStrictEqual(yield* together([page, page, page]), [
        [true, 500],
        [true, 1_750],
        [false, 1_000]
      ])
    }).pipe(Effect.provide(limits))
  )
})
