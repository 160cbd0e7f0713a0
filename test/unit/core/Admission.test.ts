import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Admission, admission } from "../../../src/core/Admission.ts"
import { UserId } from "../../../src/core/User.ts"

const door = (poolSize: number, ready: Effect.Effect<void> = Effect.void) =>
  Layer.succeed(Admission, admission({ poolSize, patience: 250, ready }))

const ada = UserId.make("ada")

/** Work of each of these users that has taken a place, until it is told to end. */
const holding = Effect.fnUntraced(function* (...users: ReadonlyArray<string>) {
  const { admitted } = yield* Admission
  const over = yield* Deferred.make<void>()
  const fibers = yield* Effect.forEach(users, (user) =>
    Effect.gen(function* () {
      const taken = yield* Deferred.make<void>()
      const work = Effect.andThen(Deferred.succeed(taken, undefined), Deferred.await(over))
      const fiber = yield* Effect.forkChild(admitted(UserId.make(user))(work))
      yield* Deferred.await(taken)
      return fiber
    })
  )
  return Effect.andThen(Deferred.succeed(over, undefined), Fiber.joinAll(fibers))
})

describe("G4: the door to the database", () => {
  it.effect("lets in as many as there are connections but one, and the rest as they leave", () =>
    Effect.gen(function* () {
      const { admitted } = yield* Admission
      const end = yield* holding("a", "b", "c")
      const waits = yield* Effect.forkChild(admitted(ada)(Effect.succeed("in")))
      yield* TestClock.adjust(249)
      assert.isUndefined(waits.pollUnsafe())
      yield* end
      assert.strictEqual(yield* Fiber.join(waits), "in")
      yield* yield* holding("a", "b", "c")
    }).pipe(Effect.provide(door(4)))
  )

  it.effect("refuses after 250 ms, as an outage, and frees no place that it did not give", () =>
    Effect.gen(function* () {
      const { admitted } = yield* Admission
      const end = yield* holding("a", "b", "c")
      const waits = yield* Effect.forkChild(Effect.flip(admitted(ada)(Effect.void)))
      yield* TestClock.adjust(250)
      assert.strictEqual((yield* Fiber.join(waits))._tag, "DbUnavailable")
      yield* end
      const full = yield* holding("a", "b", "c")
      const next = yield* Effect.forkChild(admitted(ada)(Effect.void))
      yield* TestClock.adjust(1)
      assert.isUndefined(next.pollUnsafe())
      yield* full
      yield* Fiber.join(next)
    }).pipe(Effect.provide(door(4)))
  )

  it.effect("has room for others when one user wants all of it", () =>
    Effect.gen(function* () {
      const { admitted } = yield* Admission
      const end = yield* holding("ada", "ada", "ada")
      const more = yield* Effect.forkChild(admitted(ada)(Effect.succeed("in")))
      yield* admitted(UserId.make("grace"))(Effect.void)
      yield* TestClock.adjust(1)
      assert.isUndefined(more.pollUnsafe())
      yield* end
      assert.strictEqual(yield* Fiber.join(more), "in")
    }).pipe(Effect.provide(door(6)))
  )

  it.effect("gives a place back when its work fails or is interrupted", () =>
    Effect.gen(function* () {
      const { admitted } = yield* Admission
      yield* Effect.flip(admitted(ada)(Effect.fail("no")))
      const held = yield* Effect.forkChild(admitted(ada)(Effect.never))
      yield* TestClock.adjust(1)
      const waits = yield* Effect.forkChild(admitted(UserId.make("grace"))(Effect.never))
      yield* TestClock.adjust(1)
      yield* Fiber.interrupt(waits)
      yield* Fiber.interrupt(held)
      yield* admitted(ada)(Effect.void)
    }).pipe(Effect.provide(door(1)))
  )

  it.effect("waits for what has to be done first without taking a place", () =>
    Effect.gen(function* () {
      const done = yield* Deferred.make<void>()
      const { admitted } = admission({ poolSize: 1, patience: 250, ready: Deferred.await(done) })
      const waits = yield* Effect.forkChild(
        Effect.all([admitted(ada)(Effect.void), admitted(ada)(Effect.void)], { concurrency: 2 })
      )
      yield* TestClock.adjust(1_000)
      assert.isUndefined(waits.pollUnsafe())
      yield* Deferred.succeed(done, undefined)
      yield* Fiber.join(waits)
    })
  )
})
