import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { KeysUnavailable } from "../../../src/auth/Errors.ts"
import type { PublicKey } from "../../../src/auth/KeySource.ts"
import { changingSource, outcome, publicKey } from "../../support/auth/KeySources.ts"

const turn = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))

/** As many tokens of unknown keys at once; the list of their outcomes grows. */
const flood = Effect.fnUntraced(function* (count: number) {
  const outcomes: Array<string> = []
  const asked = Array.from({ length: count }, (_, i) =>
    Effect.map(outcome(`unknown-${i}`), (found) => outcomes.push(found))
  )
  const fiber = yield* Effect.forkChild(Effect.all(asked, { concurrency: "unbounded" }))
  for (let i = 0; i < 20; i++) yield* turn
  return { outcomes, over: Fiber.join(fiber) }
})

/** How many of the outcomes are what they should be, and no other one is there. */
const countOf = (outcomes: ReadonlyArray<string>, expected: string) => {
  assert.deepStrictEqual([...new Set(outcomes)], outcomes.length === 0 ? [] : [expected])
  return outcomes.length
}

describe("a flood of unknown keys", () => {
  it.effect(
    "G7: holds up no known key, loads twice, and is refused, never answered as an outage",
    () =>
      Effect.gen(function* () {
        const source = changingSource()
        const known = yield* publicKey("known")
        source.has(known)
        yield* Effect.gen(function* () {
          assert.strictEqual(yield* outcome("known"), "found")
          yield* TestClock.adjust(1_000)
          const held = yield* Deferred.make<ReadonlyArray<PublicKey>>()
          source.answer = Deferred.await(held)
          const { outcomes, over } = yield* flood(1_200)
          assert.strictEqual(countOf(outcomes, "key_unknown"), 200)
          assert.strictEqual(yield* outcome("known"), "found")
          assert.strictEqual(source.loads, 2)

          yield* Deferred.succeed(held, [known])
          yield* over
          assert.strictEqual(countOf(outcomes, "key_unknown"), 1_200)
          assert.strictEqual(source.loads, 2)
        }).pipe(Effect.provide(source.layer))
      })
  )

  it.effect("G7: leaves a few at a time, so that other requests get their turn", () =>
    Effect.gen(function* () {
      const source = changingSource()
      const held = yield* Deferred.make<ReadonlyArray<PublicKey>>()
      source.answer = Deferred.await(held)
      yield* Effect.gen(function* () {
        const { outcomes, over } = yield* flood(100)
        yield* Deferred.succeed(held, [])
        let most = 0
        while (outcomes.length < 100) {
          const before = outcomes.length
          yield* turn
          most = Math.max(most, outcomes.length - before)
        }
        assert.isAtMost(most, 10)
        yield* over
      }).pipe(Effect.provide(source.layer))
    })
  )

  it.effect("G7: has its places again for the next ones, also after some have left", () =>
    Effect.gen(function* () {
      const source = changingSource()
      source.answer = Effect.never
      yield* Effect.gen(function* () {
        const leaving = yield* Effect.forkChild(
          Effect.all(
            Array.from({ length: 1_000 }, (_, i) => outcome(`left-${i}`)),
            { concurrency: "unbounded" }
          )
        )
        yield* turn
        yield* Fiber.interrupt(leaving)
        const { outcomes, over } = yield* flood(1_000)
        assert.lengthOf(outcomes, 0)
        yield* TestClock.adjust(1_500)
        yield* over
        assert.strictEqual(countOf(outcomes, "KeysUnavailable"), 1_000)
      }).pipe(Effect.provide(source.layer))
    })
  )

  it.effect("finds the key made meanwhile, though others are refused", () =>
    Effect.gen(function* () {
      const source = changingSource()
      const made = yield* publicKey("made")
      const held = yield* Deferred.make<ReadonlyArray<PublicKey>>()
      source.answer = Deferred.await(held)
      yield* Effect.gen(function* () {
        const genuine = yield* Effect.forkChild(outcome("made"))
        const { outcomes, over } = yield* flood(500)
        yield* Deferred.succeed(held, [made])
        assert.strictEqual(yield* Fiber.join(genuine), "found")
        yield* over
        assert.strictEqual(countOf(outcomes, "key_unknown"), 500)
      }).pipe(Effect.provide(source.layer))
    })
  )

  it.effect.each(["never loaded", "silent for 5 seconds", "failing"] as const)(
    "G7: is an outage for those who find no place while the keys are out of date (%s)",
    (source_) =>
      Effect.gen(function* () {
        const source = changingSource()
        source.has(yield* publicKey("known"))
        yield* Effect.gen(function* () {
          if (source_ !== "never loaded") yield* outcome("known")
          yield* TestClock.adjust(source_ === "failing" ? 1_000 : 5_001)
          if (source_ === "failing") {
            source.answer = Effect.fail(new KeysUnavailable())
            assert.strictEqual(yield* outcome("other"), "KeysUnavailable")
          }
          source.answer = Effect.never
          const { outcomes } = yield* flood(1_001)
          assert.strictEqual(countOf(outcomes, "KeysUnavailable"), 1)
        }).pipe(Effect.provide(source.layer))
      })
  )
})
