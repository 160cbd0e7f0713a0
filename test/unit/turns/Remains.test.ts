import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { remainsOfTurns } from "../../../src/turns/Remains.ts"

/** A database that is away for so many attempts, and how many there were. */
const awayFor = (failures: number) => {
  let attempts = 0
  const store = Effect.suspend(() =>
    attempts++ < failures ? Effect.fail("away" as const) : Effect.succeed("stored")
  )
  return { store, attempts: () => attempts }
}

describe("F11: the remains of a turn", () => {
  it.effect("are stored half a second later, and again every half second until it works", () =>
    Effect.gen(function* () {
      const { attempts, store } = awayFor(2)
      const keeping = yield* Effect.forkChild(remainsOfTurns()(store))
      for (const expected of [0, 1, 2]) {
        yield* TestClock.adjust("499 millis")
        assert.strictEqual(attempts(), expected)
        yield* TestClock.adjust("1 millis")
      }
      assert.strictEqual(yield* Fiber.join(keeping), "stored")
      assert.strictEqual(attempts(), 3)
    })
  )

  it.effect("are given up after two minutes, with the reason", () =>
    Effect.gen(function* () {
      const { attempts, store } = awayFor(Infinity)
      const keeping = yield* Effect.forkChild(Effect.flip(remainsOfTurns()(store)))
      yield* TestClock.adjust("119 seconds")
      assert.isUndefined(keeping.pollUnsafe())
      yield* TestClock.adjust("1 seconds")
      assert.strictEqual(yield* Fiber.join(keeping), "away")
      assert.strictEqual(attempts(), 240)
    })
  )

  it.effect("wait for a thousand turns at a time; those of one more are tried once, at once", () =>
    Effect.gen(function* () {
      const keep = remainsOfTurns()
      const one = awayFor(1)
      const waiting = yield* Effect.forEach(Array.from({ length: 1_000 }), () =>
        Effect.forkChild(keep(one.store), { startImmediately: true })
      )
      const more = awayFor(1)
      assert.strictEqual(yield* Effect.flip(keep(more.store)), "away")
      assert.strictEqual(more.attempts(), 1)
      // Whoever is done or was interrupted makes room.
      yield* Fiber.interrupt(waiting[0]!)
      const next = awayFor(1)
      const keeping = yield* Effect.forkChild(keep(next.store), { startImmediately: true })
      assert.strictEqual(next.attempts(), 0)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* Fiber.join(keeping), "stored")
    })
  )
})
