import { assert, type Vitest } from "@effect/vitest"
import { Effect } from "effect"
import { UserId } from "../../src/core/User.ts"
import { ModelUsage } from "../../src/responder/model/usage/ModelUsage.ts"
import { unique } from "../support/postgres/SharedDatabase.ts"

const day = "2026-11-25"
const entry = (model = "one", at = day) => ({
  day: at,
  model,
  inputTokens: 100,
  outputTokens: 7
})

/** How tokens are counted, in every store. */
export const modelUsage = (it: Vitest.MethodsNonLive<ModelUsage>) => {
  it.effect("adds up the tokens of one user and day over all models", () =>
    Effect.gen(function* () {
      const { add, tokensOf } = yield* ModelUsage
      const [user, other] = [UserId.make(unique("user")), UserId.make(unique("user"))]
      assert.strictEqual(yield* tokensOf(user, day), 0)
      yield* add(user, entry())
      yield* add(user, entry())
      yield* add(user, entry("two"))
      yield* add(user, entry("one", "2026-11-24"))
      yield* add(other, entry())
      assert.strictEqual(yield* tokensOf(user, day), 321)
      assert.strictEqual(yield* tokensOf(user, "2026-11-24"), 107)
      assert.strictEqual(yield* tokensOf(other, day), 107)
    })
  )

  it.effect("loses none of many that are counted at once", () =>
    Effect.gen(function* () {
      const { add, tokensOf } = yield* ModelUsage
      const user = UserId.make(unique("user"))
      yield* Effect.forEach(Array.from({ length: 50 }), () => add(user, entry()), {
        concurrency: "unbounded",
        discard: true
      })
      assert.strictEqual(yield* tokensOf(user, day), 50 * 107)
    })
  )
}
