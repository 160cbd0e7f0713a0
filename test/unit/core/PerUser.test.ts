import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { whileWorking } from "../../../src/core/PerUser.ts"
import { UserId } from "../../../src/core/User.ts"

const [ada, grace] = [UserId.make("ada"), UserId.make("grace")]

describe("what is kept for each user that has work", () => {
  it.effect("is one for all of it, and another one after the last piece, however it ends", () =>
    Effect.gen(function* () {
      let made = 0
      const working = whileWorking(() => ++made)
      const over = yield* Deferred.make<void>()
      const held = yield* Effect.forkChild(
        working(ada, () => Deferred.await(over)),
        {
          startImmediately: true
        }
      )
      const seen = (user: UserId) => working(user, (kept, count) => Effect.succeed([kept, count]))
      assert.deepStrictEqual(yield* seen(ada), [1, 2])
      assert.deepStrictEqual(yield* seen(grace), [2, 1])
      yield* Deferred.succeed(over, undefined)
      yield* Fiber.join(held)
      assert.deepStrictEqual(yield* seen(ada), [3, 1])
      yield* Effect.exit(working(ada, () => Effect.fail("no")))
      assert.deepStrictEqual(yield* seen(ada), [5, 1])
    })
  )
})
