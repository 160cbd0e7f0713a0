import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import { turnLease } from "../../../src/threads/ThreadStore.ts"
import { TurnLeases } from "../../../src/turns/TurnLeases.ts"
import { TurnStore } from "../../../src/turns/TurnStore.ts"
import { DbUnavailable, NotFound } from "../../../src/core/Errors.ts"
import { UserId } from "../../../src/core/User.ts"
import { StoresMemory } from "../../support/StoresMemory.ts"
import { stores, thread } from "../../support/ThreadFixtures.ts"

const ada = UserId.make("ada")

/** Two servers on one store. */
const servers = Effect.gen(function* () {
  const { store, turns } = yield* stores
  yield* store.createThread(ada, thread("thr_1"), [])
  const server = Layer.build(Layer.fresh(TurnLeases.layer))
  const scope = yield* Scope.make()
  const one = yield* Effect.provideService(server, Scope.Scope, scope)
  const two = yield* server
  return {
    turns,
    one: yield* Effect.provide(TurnLeases, one),
    two: yield* Effect.provide(TurnLeases, two),
    /** As a crash does: nobody says that its turns are over. */
    crash: Scope.close(scope, Exit.void)
  }
})

const begin = (leases: TurnLeases["Service"], id = "thr_1") => leases.begin(ada, id, Effect.void)

/** Takes the thread, and keeps it until told. */
const hold = (leases: TurnLeases["Service"]) =>
  Effect.gen(function* () {
    const over = yield* Deferred.make<void>()
    const taken = yield* Deferred.make<void>()
    const fiber = yield* begin(leases).pipe(
      Effect.andThen(Deferred.succeed(taken, undefined)),
      Effect.andThen(Deferred.await(over)),
      Effect.scoped,
      Effect.forkChild
    )
    yield* Deferred.await(taken)
    return { end: Effect.andThen(Deferred.succeed(over, undefined), Fiber.join(fiber)), fiber }
  })

const withStore = Effect.provide(StoresMemory)

describe("TurnLeases", () => {
  it.effect("runs what is asked for only while it waits, and until it waits no more", () =>
    Effect.gen(function* () {
      const { one } = yield* servers
      const steps: Array<string> = []
      const waits = yield* Deferred.make<void>()
      const waiting = Effect.sync(() => steps.push("waits")).pipe(
        Effect.andThen(Deferred.succeed(waits, undefined)),
        Effect.andThen(Effect.never),
        Effect.onInterrupt(() => Effect.sync(() => steps.push("waits no more")))
      )
      const begun = one.begin(ada, "thr_1", waiting)
      yield* Effect.scoped(begun)
      assert.deepStrictEqual(steps, [])
      const first = yield* hold(one)
      const second = yield* Effect.forkChild(Effect.scoped(begun))
      yield* Deferred.await(waits)
      yield* first.end
      yield* Fiber.join(second)
      assert.deepStrictEqual(steps, ["waits", "waits no more"])
    }).pipe(Effect.scoped, withStore)
  )

  it.effect("lets the next turn in as soon as the one before is over", () =>
    Effect.gen(function* () {
      const { one } = yield* servers
      const first = yield* hold(one)
      const second = yield* Effect.forkChild(Effect.scoped(begin(one)))
      yield* Effect.yieldNow
      assert.isUndefined(second.pollUnsafe())
      yield* first.end
      const { thread } = yield* Fiber.join(second)
      assert.strictEqual(thread.id, "thr_1")
    }).pipe(Effect.scoped, withStore)
  )

  it.effect("looks ten times a second whether a turn on another server is over", () =>
    Effect.gen(function* () {
      const { one, two } = yield* servers
      const first = yield* hold(one)
      const second = yield* Effect.forkChild(Effect.scoped(begin(two)))
      yield* TestClock.adjust("1 second")
      assert.isUndefined(second.pollUnsafe())
      yield* first.end
      yield* TestClock.adjust("100 millis")
      assert.isDefined(second.pollUnsafe())
    }).pipe(Effect.scoped, withStore)
  )

  it.effect("refuses after ten seconds, and leaves the other turn alone", () =>
    Effect.gen(function* () {
      const { one, turns, two } = yield* servers
      const first = yield* hold(one)
      const second = yield* Effect.forkChild(Effect.flip(Effect.scoped(begin(two))))
      yield* TestClock.adjust("9900 millis")
      assert.isUndefined(second.pollUnsafe())
      yield* TestClock.adjust("200 millis")
      const refused = yield* Fiber.join(second)
      assert.strictEqual(refused._tag, "Conflict")
      const taken = yield* Effect.flip(turns.begin(ada, "thr_1", "third"))
      assert.strictEqual(taken._tag, "TurnTaken")
      yield* first.end
    }).pipe(Effect.scoped, withStore)
  )

  it.effect("keeps the thread for as long as the turn lasts", () =>
    Effect.gen(function* () {
      const { one, turns } = yield* servers
      const first = yield* hold(one)
      yield* TestClock.adjust("593 seconds")
      const taken = yield* Effect.flip(turns.begin(ada, "thr_1", "third"))
      assert.strictEqual(taken._tag, "TurnTaken")
      yield* first.end
      yield* turns.begin(ada, "thr_1", "third")
    }).pipe(Effect.scoped, withStore)
  )

  it.effect("gives the thread of a crashed server to the next turn that waits", () =>
    Effect.gen(function* () {
      const { crash, one, two } = yield* servers
      const forgotten = yield* Scope.make()
      yield* Effect.provideService(begin(one), Scope.Scope, forgotten)
      yield* crash
      const second = yield* Effect.forkChild(Effect.scoped(begin(two)))
      yield* TestClock.adjust(turnLease - 1_000)
      assert.isUndefined(second.pollUnsafe())
      yield* TestClock.adjust("1100 millis")
      assert.isDefined(second.pollUnsafe())
    }).pipe(Effect.scoped, withStore)
  )

  it.effect("passes the thread on when the turn that waited first has left", () =>
    Effect.gen(function* () {
      const { one } = yield* servers
      const first = yield* hold(one)
      const left = yield* Effect.forkChild(Effect.scoped(begin(one)))
      const stays = yield* Effect.forkChild(Effect.scoped(begin(one)))
      yield* Effect.yieldNow
      yield* Fiber.interrupt(left)
      yield* first.end
      assert.strictEqual((yield* Fiber.join(stays)).thread.id, "thr_1")
    }).pipe(Effect.scoped, withStore)
  )

  /** Leases whose store begins a turn like this, and what is asked of the store. */
  const leasesWith = Effect.fnUntraced(function* (begin: TurnStore["Service"]["begin"]) {
    const asked: Array<string> = []
    const store = Layer.succeed(TurnStore, {
      begin: (user, id, turn) =>
        Effect.suspend(() => {
          asked.push("begin")
          return begin(user, id, turn)
        }).pipe(Effect.tap(() => Effect.sync(() => asked.push("begun")))),
      renew: () => Effect.succeed(new Set()),
      end: () => Effect.sync(() => void asked.push("end"))
    })
    const layer = Layer.fresh(TurnLeases.layer).pipe(Layer.provide(store))
    return { asked, leases: yield* Effect.provide(TurnLeases, yield* Layer.build(layer)) }
  })

  it.effect("gives the thread back when the answer to taking it was lost", () =>
    Effect.gen(function* () {
      const away = new DbUnavailable({ operation: "test" })
      const { asked, leases } = yield* leasesWith(() => Effect.fail(away))
      assert.strictEqual(yield* Effect.flip(Effect.scoped(begin(leases))), away)
      assert.deepStrictEqual(asked, ["begin", "end"])
    }).pipe(Effect.scoped)
  )

  it.effect("gives nothing back that is not there", () =>
    Effect.gen(function* () {
      const { asked, leases } = yield* leasesWith(() =>
        Effect.fail(new NotFound({ object: "Thread" }))
      )
      yield* Effect.flip(Effect.scoped(begin(leases)))
      assert.deepStrictEqual(asked, ["begin"])
    }).pipe(Effect.scoped)
  )

  it.effect("gives the thread back after it was taken for a client that left meanwhile", () =>
    Effect.gen(function* () {
      const taken = yield* Deferred.make<void>()
      const { asked, leases } = yield* leasesWith((_, id) =>
        Effect.as(Deferred.await(taken), thread(id))
      )
      const beginning = yield* Effect.forkChild(Effect.scoped(begin(leases)), {
        startImmediately: true
      })
      const left = yield* Effect.forkChild(Fiber.interrupt(beginning), { startImmediately: true })
      yield* Deferred.succeed(taken, undefined)
      yield* Fiber.join(left)
      assert.deepStrictEqual(asked, ["begin", "begun", "end"])
    }).pipe(Effect.scoped)
  )

  it.effect("gives a new thread back when making it fails", () =>
    Effect.gen(function* () {
      const { asked, leases } = yield* leasesWith(() => Effect.die("not asked"))
      const away = new DbUnavailable({ operation: "test" })
      const begun = leases.beginNew(ada, thread("thr_3"), () => Effect.fail(away))
      assert.strictEqual(yield* Effect.flip(Effect.scoped(begun)), away)
      assert.deepStrictEqual(asked, ["end"])
    }).pipe(Effect.scoped)
  )

  it.effect("does not wait for a thread that is not there, nor for a database that is away", () =>
    Effect.gen(function* () {
      const { one } = yield* servers
      const unknown = yield* Effect.flip(Effect.scoped(begin(one, "thr_2")))
      assert.strictEqual(unknown._tag, "NotFound")
      const down = Effect.fail(new DbUnavailable({ operation: "test" }))
      const withoutDatabase = yield* Effect.provide(
        TurnLeases,
        yield* Layer.build(
          Layer.fresh(TurnLeases.layer).pipe(
            Layer.provide(
              Layer.succeed(TurnStore, { begin: () => down, renew: () => down, end: () => down })
            )
          )
        )
      )
      const away = yield* Effect.flip(Effect.scoped(begin(withoutDatabase)))
      assert.strictEqual(away._tag, "DbUnavailable")
      yield* Effect.scoped(begin(one))
    }).pipe(Effect.scoped, withStore)
  )
})
