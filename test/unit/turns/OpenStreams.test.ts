import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { UserId } from "../../../src/core/User.ts"
import { openStreams } from "../../../src/turns/OpenStreams.ts"

const ada = UserId.make("ada")

describe("openStreams", () => {
  it.effect("admits as many streams per user as it is told, and each frees one place once", () =>
    Effect.gen(function* () {
      const admit = openStreams(2)
      const leave = yield* admit(ada)
      yield* admit(ada)
      const refused = yield* Effect.flip(admit(ada))
      assert.strictEqual(refused._tag, "TooManyStreams")
      yield* admit(UserId.make("grace"))
      leave()
      leave()
      yield* admit(ada)
      yield* Effect.flip(admit(ada))
    })
  )
})
