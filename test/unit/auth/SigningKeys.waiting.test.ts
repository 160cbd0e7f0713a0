import { assert, describe, it } from "@effect/vitest"
import { Clock, Deferred, Effect, Fiber, References } from "effect"
import { TestClock } from "effect/testing"
import type { PublicKey } from "../../../src/auth/KeySource.ts"
import { SigningKeys } from "../../../src/auth/SigningKeys.ts"
import { KeysUnavailable } from "../../../src/auth/Errors.ts"
import { changingSource, find, outcome, publicKey } from "../../support/auth/KeySources.ts"

/** Lets the promises that import keys and the fibers that wait for them come to rest. */
const settle = Effect.promise(async () => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
})

describe("a key that is not known yet", () => {
  it.effect("is found at once after a rotation, beside the old one", () =>
    Effect.gen(function* () {
      const [before, after] = [yield* publicKey("before"), yield* publicKey("after")]
      const source = changingSource()
      source.has(before)
      yield* Effect.gen(function* () {
        assert.strictEqual(yield* outcome("before"), "found")
        source.has(before, after)
        yield* TestClock.adjust(1000)
        assert.strictEqual(yield* outcome("after"), "found")
        assert.strictEqual(yield* outcome("before"), "found")
        assert.strictEqual(source.loads, 2)
      }).pipe(Effect.provide(source.layer))
    })
  )

  it.effect("waits for the rest of a second since the last load, and is then found", () =>
    Effect.gen(function* () {
      const source = changingSource()
      yield* Effect.gen(function* () {
        assert.strictEqual(yield* outcome("k"), "keys_empty")
        source.has(yield* publicKey("k"))
        const waiting = yield* Effect.forkChild(outcome("k"))
        yield* TestClock.adjust(999)
        assert.strictEqual(source.loads, 1)
        yield* TestClock.adjust(1)
        assert.strictEqual(yield* Fiber.join(waiting), "found")
        assert.strictEqual(source.loads, 2)
      }).pipe(Effect.provide(source.layer))
    })
  )

  it.effect("is asked for once for all who wait, be their keys the same or not", () =>
    Effect.gen(function* () {
      const source = changingSource()
      source.has(yield* publicKey("k-1"), yield* publicKey("k-2"))
      yield* Effect.gen(function* () {
        const many = Array.from({ length: 200 }, (_, i) => outcome(`k-${i % 4}`))
        const outcomes = yield* Effect.all(many, { concurrency: "unbounded" })
        assert.strictEqual(source.loads, 1)
        assert.lengthOf(
          outcomes.filter((outcome) => outcome === "found"),
          100
        )
        assert.lengthOf(
          outcomes.filter((outcome) => outcome === "key_unknown"),
          100
        )
      }).pipe(Effect.provide(source.layer))
    })
  )

  it.effect("does not let a flood ask more than once a second", () =>
    Effect.gen(function* () {
      const source = changingSource()
      source.has(yield* publicKey("k"))
      const at: Array<number> = []
      const { answer } = source
      source.answer = Effect.tap(answer, () =>
        Effect.map(Clock.currentTimeMillis, (now) => at.push(now))
      )
      yield* Effect.gen(function* () {
        for (let i = 0; i < 100; i++) {
          yield* Effect.forkChild(outcome(`flood-${i}`))
          yield* TestClock.adjust(100)
          // Those whose key is known do not wait with them.
          assert.strictEqual(yield* outcome("k"), "found")
        }
        const gaps = at.slice(1).map((time, i) => time - at[i]!)
        assert.isAtLeast(Math.min(...gaps), 1000)
        assert.isAtLeast(at.length, 9)
      }).pipe(Effect.provide(source.layer))
    })
  )

  it.effect("does not let a flood ask a failing source more than once a second", () =>
    Effect.gen(function* () {
      const source = changingSource(Effect.fail(new KeysUnavailable()))
      yield* Effect.gen(function* () {
        const waiting: Array<Fiber.Fiber<string>> = []
        for (let i = 0; i < 100; i++) {
          waiting.push(yield* Effect.forkChild(outcome(`flood-${i}`)))
          yield* TestClock.adjust(100)
        }
        yield* TestClock.adjust(1500)
        assert.isAtMost(source.loads, 12)
        for (const fiber of waiting) assert.strictEqual(yield* Fiber.join(fiber), "KeysUnavailable")
      }).pipe(Effect.provide(source.layer))
    })
  )

  it.effect("is an outage when the source is silent for 1.5 seconds", () =>
    Effect.gen(function* () {
      const source = changingSource(Effect.never)
      yield* Effect.gen(function* () {
        const waiting = yield* Effect.forkChild(outcome("k"))
        yield* TestClock.adjust(1499)
        yield* settle
        assert.isUndefined(waiting.pollUnsafe())
        yield* TestClock.adjust(1)
        assert.strictEqual(yield* Fiber.join(waiting), "KeysUnavailable")
      }).pipe(Effect.provide(source.layer))
    })
  )

  it.effect("is found though a load is under way that began before it existed", () =>
    Effect.gen(function* () {
      const source = changingSource()
      const old = yield* Deferred.make<ReadonlyArray<PublicKey>>()
      source.answer = Deferred.await(old)
      const key = yield* publicKey("k")
      yield* Effect.gen(function* () {
        const first = yield* Effect.forkChild(outcome("other"))
        yield* TestClock.adjust(500)
        assert.strictEqual(source.loads, 1)
        source.has(key)
        const second = yield* Effect.forkChild(outcome("k"))
        yield* TestClock.adjust(1)
        yield* Deferred.succeed(old, [])
        yield* TestClock.adjust(1000)
        assert.strictEqual(yield* Fiber.join(first), "keys_empty")
        assert.strictEqual(yield* Fiber.join(second), "found")
      }).pipe(Effect.provide(source.layer))
    })
  )
})

describe("a caller who waits for keys", () => {
  it.effect("does not cancel the load for the others by leaving", () =>
    Effect.gen(function* () {
      const source = changingSource()
      const answer = yield* Deferred.make<ReadonlyArray<PublicKey>>()
      source.answer = Deferred.await(answer)
      yield* Effect.gen(function* () {
        const leaving = yield* Effect.forkChild(find("k"))
        yield* TestClock.adjust(1)
        const staying = yield* Effect.forkChild(outcome("k"))
        yield* TestClock.adjust(1)
        yield* Fiber.interrupt(leaving)
        yield* Deferred.succeed(answer, [yield* publicKey("k")])
        assert.strictEqual(yield* Fiber.join(staying), "found")
        assert.strictEqual(source.loads, 1)
      }).pipe(Effect.provide(source.layer))
    })
  )

  it.effect("does not block those who come later by leaving, at whatever step", () =>
    Effect.gen(function* () {
      const key = yield* publicKey("k")
      for (let steps = 0; steps < 20; steps++) {
        // So few operations a turn that the interruption can fall between any two.
        for (const operations of [3, 4, 5, 6]) {
          const source = changingSource()
          source.has(key)
          yield* Effect.gen(function* () {
            const leaving = yield* find("k").pipe(
              Effect.provideService(References.MaxOpsBeforeYield, operations),
              Effect.forkChild
            )
            for (let i = 0; i < steps; i++) yield* Effect.yieldNow
            yield* Fiber.interrupt(leaving)
            yield* settle
            const later = yield* Effect.forkChild(outcome("k"))
            yield* TestClock.adjust(1500)
            assert.strictEqual(yield* Fiber.join(later), "found", `${steps} of ${operations}`)
          }).pipe(Effect.provide(source.layer))
        }
      }
    })
  )

  it.effect("with a known key waits 600 milliseconds for newer ones, then takes the old one", () =>
    Effect.gen(function* () {
      const source = changingSource()
      source.has(yield* publicKey("k"))
      yield* Effect.gen(function* () {
        const first = yield* find("k")
        source.answer = Effect.never
        yield* TestClock.adjust(60_001)
        const waiting = yield* Effect.forkChild(find("k"))
        yield* TestClock.adjust(599)
        yield* settle
        assert.isUndefined(waiting.pollUnsafe())
        yield* TestClock.adjust(1)
        assert.strictEqual(yield* Fiber.join(waiting), first)
      }).pipe(Effect.provide(source.layer))
    })
  )

  it.effect("gets an answer though the source throws", () =>
    Effect.gen(function* () {
      const source = changingSource(Effect.die(new Error("a bug")))
      yield* Effect.gen(function* () {
        assert.isTrue((yield* Effect.exit(find("k")))._tag === "Failure")
        source.has(yield* publicKey("k"))
        yield* TestClock.adjust(1000)
        assert.strictEqual(yield* outcome("k"), "found")
      }).pipe(Effect.provide(source.layer))
    })
  )

  it.effect("gets an answer though the clock has been set back", () =>
    Effect.gen(function* () {
      const source = changingSource()
      source.has(yield* publicKey("k"))
      yield* TestClock.setTime(3600_000)
      yield* Effect.gen(function* () {
        assert.strictEqual(yield* outcome("k"), "found")
        source.has(yield* publicKey("new"))
        yield* TestClock.setTime(0)
        const waiting = yield* Effect.forkChild(outcome("new"))
        yield* TestClock.adjust(1500)
        assert.strictEqual(yield* Fiber.join(waiting), "found")
      }).pipe(Effect.provide(source.layer))
    })
  )
})

describe("a key that is known", () => {
  it.effect("is asked for again, though it is not late, when the clock has been set back", () =>
    Effect.gen(function* () {
      const source = changingSource()
      source.has(yield* publicKey("k"))
      yield* TestClock.setTime(3600_000)
      yield* Effect.gen(function* () {
        assert.strictEqual(yield* outcome("k"), "found")
        source.has(yield* publicKey("another"))
        yield* TestClock.setTime(3599_999)
        assert.strictEqual(yield* outcome("k"), "key_unknown")
        assert.strictEqual(source.loads, 2)
      }).pipe(Effect.provide(source.layer))
    })
  )
})

describe("the check of SigningKeys", () => {
  const check = Effect.flatMap(SigningKeys, (keys) => keys.check)
  const unreachable = ["no verification keys can be loaded"]

  it.effect("says nothing with keys, and with an empty table", () =>
    Effect.gen(function* () {
      const source = changingSource()
      const checks = Effect.all([check, check])
      assert.deepStrictEqual(yield* Effect.provide(checks, source.layer), [[], []])
      assert.strictEqual(source.loads, 1)
    })
  )

  it.effect("says so while they are out of reach and none are known", () =>
    Effect.gen(function* () {
      const source = changingSource(Effect.fail(new KeysUnavailable()))
      yield* Effect.gen(function* () {
        assert.deepStrictEqual(yield* check, unreachable)
        source.has()
        yield* TestClock.adjust(1000)
        assert.deepStrictEqual(yield* check, [])
        source.answer = Effect.fail(new KeysUnavailable())
        yield* TestClock.adjust("24 hours")
        assert.deepStrictEqual(yield* check, [])
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(yield* check, unreachable)
      }).pipe(Effect.provide(source.layer))
    })
  )
})
