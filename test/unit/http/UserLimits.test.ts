import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { UserId } from "../../../src/core/User.ts"
import { UserLimits, userLimits } from "../../../src/http/UserLimits.ts"
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
      const refused = yield* eventually(ask(url, token), ({ status }) => status === 429)
      assert.strictEqual(
        refused.body,
        JSON.stringify({ error: sentence, status: 429, message: sentence })
      )
      assert.match(refused.headers["retry-after"] ?? "", /^[1-9]\d*$/)
      const headers = { authorization: `Bearer ${token}`, accept: "text/event-stream" }
      const streamed = yield* request(url, { headers, body: { message: "Hello" } })
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

describe("D2: the requests of one user in a second", () => {
  const limits = userLimits({ requestsAtOnce: 10, requestsPerSecond: 4 })

  it.effect("are so many and no more, and come back a few at a time", () =>
    Effect.gen(function* () {
      const { limited } = yield* UserLimits
      const asks = (count: number) =>
        Effect.forEach(Array.from({ length: count }), () =>
          Effect.match(limited(ada)(Effect.void), {
            onFailure: ({ _tag }) => _tag,
            onSuccess: () => "let in"
          })
        )
      const [no, yes] = ["TooManyRequests", "let in"]
      assert.deepStrictEqual(yield* asks(5), [yes, yes, yes, yes, no])
      yield* limited(UserId.make("grace"))(Effect.void)
      yield* TestClock.adjust(500)
      assert.deepStrictEqual(yield* asks(3), [yes, yes, no])
      yield* TestClock.adjust("2 minutes")
      assert.deepStrictEqual(yield* asks(5), [yes, yes, yes, yes, no])
    }).pipe(Effect.provide(limits))
  )
})
