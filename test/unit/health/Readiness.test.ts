import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import { TestClock } from "effect/testing"
import { Readiness } from "../../../src/health/Readiness.ts"

const missing = Effect.flatMap(Readiness, (readiness) => readiness.missing)

describe("Readiness", () => {
  it.effect("has the sentences in the order of the checks, whichever ends first", () =>
    Effect.gen(function* () {
      const secondRan = yield* Deferred.make<void>()
      const first = Effect.as(Deferred.await(secondRan), ["a", "b"])
      const second = Effect.as(Deferred.succeed(secondRan, undefined), ["c"])
      const layer = Readiness.layer([first, second, Effect.succeed([])])
      assert.deepStrictEqual(yield* Effect.provide(missing, layer), ["a", "b", "c"])
    })
  )

  it.effect("says a sentence once that two checks share", () =>
    Effect.gen(function* () {
      const checks = [["silent"], ["silent", "late"], ["silent"]].map((said) =>
        Effect.succeed(said)
      )
      const layer = Readiness.layer(checks)
      assert.deepStrictEqual(yield* Effect.provide(missing, layer), ["silent", "late"])
    })
  )

  it.effect("runs the checks at most once a second, however often it is asked", () =>
    Effect.gen(function* () {
      let runs = 0
      const check = Effect.sync(() => [`run ${++runs}`])
      yield* Effect.gen(function* () {
        for (let i = 0; i < 5; i++) assert.deepStrictEqual(yield* missing, ["run 1"])
        yield* TestClock.adjust(999)
        assert.deepStrictEqual(yield* missing, ["run 1"])
        yield* TestClock.adjust(1)
        assert.deepStrictEqual(yield* missing, ["run 2"])
      }).pipe(Effect.provide(Readiness.layer([check])))
    })
  )
})
