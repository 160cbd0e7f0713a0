import { assert, layer } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { betterAuthTables, people } from "../../support/BetterAuthSchema.ts"
import { heldLookups, settle } from "../../support/postgres/HeldLookups.ts"
import { execIn, schemaWith, SharedDatabase } from "../../support/postgres/SharedDatabase.ts"

const auth = schemaWith(betterAuthTables + people)

const emails = (...people: ReadonlyArray<string>) => people.map((person) => `${person}@example.com`)

/** Asks at once, without waiting for the answer. */
const ask = <A, E, R>(find: Effect.Effect<A, E, R>) =>
  Effect.forkChild(find, { startImmediately: true })

layer(SharedDatabase, { excludeTestServices: true })("lookups of identities", (it) => {
  it.effect("share one statement when they are of one turn", () =>
    Effect.gen(function* () {
      const { find, next, state } = yield* heldLookups(yield* auth)
      const asking = ["ada", "grace", "ghost", "ada"]
      const fibers = yield* Effect.forEach(asking, (person) => ask(find(person)))
      const shared = yield* next
      assert.deepStrictEqual(shared.asked, emails(...asking))
      yield* shared.answer
      const found = yield* Fiber.joinAll(fibers)
      assert.deepStrictEqual<ReadonlyArray<string | undefined>>(
        found.map((identity) => identity?.sessionId),
        ["ada-session", "grace-session", undefined, "ada-session"]
      )
      assert.strictEqual(state.statements, 1)
    })
  )

  it.effect("are sent at once when they are alone, be another under way or not", () =>
    Effect.gen(function* () {
      const { find, next } = yield* heldLookups(yield* auth)
      // The clock stands still: nobody waits for company.
      const first = yield* ask(find("ada"))
      assert.deepStrictEqual((yield* next).asked, emails("ada"))
      yield* ask(find("grace"))
      const second = yield* next
      assert.deepStrictEqual(second.asked, emails("grace"))
      yield* second.answer
      assert.isUndefined(first.pollUnsafe())
    }).pipe(Effect.provide(TestClock.layer()))
  )

  it.effect("are two statements at a time, and who comes later shares the next", () =>
    Effect.gen(function* () {
      const { find, next, state } = yield* heldLookups(yield* auth)
      const ada = yield* ask(find("ada"))
      const first = yield* next
      const grace = yield* ask(find("grace"))
      const second = yield* next
      const asking = Array.from({ length: 50 }, (_, i) => `late${i}`)
      const late = yield* Effect.forEach(asking, (person) =>
        Effect.tap(ask(find(person)), () => settle)
      )
      assert.strictEqual(state.statements, 2)
      // One answer is enough for the next to be sent.
      yield* second.answer
      const third = yield* next
      assert.deepStrictEqual(third.asked, emails(...asking))
      assert.strictEqual((yield* Fiber.join(grace))?.userId, "grace")
      assert.isUndefined(ada.pollUnsafe())
      yield* third.answer
      yield* Fiber.joinAll(late)
      yield* first.answer
      assert.strictEqual((yield* Fiber.join(ada))?.userId, "ada")
      assert.deepStrictEqual([state.statements, state.mostInFlight], [3, 2])
    })
  )

  it.effect("are as many to a statement, and as many statements, as is set", () =>
    Effect.gen(function* () {
      const batches = { size: 3, inFlight: 2 }
      const { find, next, state } = yield* heldLookups(yield* auth, { batches })
      const asking = Array.from({ length: 11 }, (_, i) => `p${i}`)
      const fibers = yield* Effect.forEach(asking, (person) => ask(find(person)))
      const asked: Array<string> = []
      const sizes: Array<number> = []
      while (asked.length < asking.length) {
        const lookup = yield* next
        yield* settle
        asked.push(...lookup.asked)
        sizes.push(lookup.asked.length)
        yield* lookup.answer
      }
      yield* Fiber.joinAll(fibers)
      // The server may answer the second of two first.
      assert.deepStrictEqual(sizes.sort(), [2, 3, 3, 3])
      assert.deepStrictEqual(asked.sort(), emails(...asking).sort())
      assert.deepStrictEqual([state.statements, state.mostInFlight], [4, 2])
    })
  )

  it.effect("are 200 to a statement", () =>
    Effect.gen(function* () {
      const { find, next } = yield* heldLookups(yield* auth)
      yield* Effect.forEach(Array.from({ length: 450 }), () => ask(find("ada")))
      const [one, two] = [yield* next, yield* next]
      yield* one.answer
      const three = yield* next
      assert.deepStrictEqual(
        [one, two, three].map(({ asked }) => asked.length),
        [200, 200, 50]
      )
    })
  )

  it.effect("go on for those who stay when others leave, before and after it is sent", () =>
    Effect.gen(function* () {
      const batches = { size: 200, inFlight: 1 }
      const { find, next, state } = yield* heldLookups(yield* auth, { batches })
      const under = yield* Effect.forEach(["ada", "ghost", "grace"], (person) => ask(find(person)))
      const first = yield* next
      const waiting = yield* Effect.forEach(["ghost", "ada", "grace"], (person) =>
        ask(find(person))
      )
      yield* settle
      // The first of each: it is the one that began the statement.
      yield* Fiber.interruptAll([under[0]!, under[1]!, waiting[0]!])
      yield* first.answer
      assert.strictEqual((yield* Fiber.join(under[2]!))?.userId, "grace")
      const second = yield* next
      assert.deepStrictEqual(second.asked, emails("ada", "grace"))
      yield* second.answer
      assert.strictEqual((yield* Fiber.join(waiting[1]!))?.userId, "ada")
      assert.strictEqual((yield* Fiber.join(waiting[2]!))?.userId, "grace")
      assert.strictEqual(state.statements, 2)
    })
  )

  it.effect("leave no trace when all who asked have left", () =>
    Effect.gen(function* () {
      const { find, letThrough, next, state } = yield* heldLookups(yield* auth)
      for (let round = 0; round < 3; round++) {
        const under = [yield* ask(find("ada")), yield* Effect.andThen(settle, ask(find("grace")))]
        const lookups = [yield* next, yield* next]
        const waiting = yield* Effect.forEach(["ada", "grace"], (person) => ask(find(person)))
        yield* settle
        yield* Fiber.interruptAll([...waiting, ...under])
        for (const { answer } of lookups) yield* answer
      }
      yield* letThrough
      assert.strictEqual((yield* find("ada"))?.userId, "ada")
      // Nobody was asked about who had left before their statement was sent.
      assert.deepStrictEqual([state.statements, state.mostInFlight, state.inFlight], [7, 2, 0])
    })
  )

  it.effect("are an outage for all who share a statement that fails, and for nobody else", () =>
    Effect.gen(function* () {
      const { find, next } = yield* heldLookups(yield* auth)
      const unlucky = yield* Effect.forEach(["ada", "grace", "ghost"], (person) =>
        ask(Effect.flip(find(person)))
      )
      const failing = yield* next
      const lucky = yield* ask(find("ada"))
      const passing = yield* next
      const waiting = yield* ask(find("grace"))
      yield* settle
      yield* failing.fail
      const failed = yield* Fiber.joinAll(unlucky)
      assert.deepStrictEqual(
        failed.map((error) => (error as { readonly _tag: string })._tag),
        ["DbUnavailable", "DbUnavailable", "DbUnavailable"]
      )
      yield* (yield* next).answer
      assert.strictEqual((yield* Fiber.join(waiting))?.userId, "grace")
      yield* passing.answer
      assert.strictEqual((yield* Fiber.join(lucky))?.userId, "ada")
      const after = yield* ask(find("ada"))
      yield* (yield* next).answer
      assert.strictEqual((yield* Fiber.join(after))?.userId, "ada")
    })
  )

  it.effect.each([
    { size: 1, inFlight: 1 },
    { size: 2, inFlight: 1 },
    { size: 3, inFlight: 2 },
    { size: 200, inFlight: 2 }
  ])("are answered within twice as long as one statement may take: %j", (batches) =>
    Effect.gen(function* () {
      const patience = { statement: 800, request: 1700, admission: 250 }
      const { find, letThrough } = yield* heldLookups(yield* auth, { batches, patience })
      const asking: Array<{ readonly since: number; readonly fiber: Fiber.Fiber<string> }> = []
      const tagOf = (person: string) =>
        Effect.match(find(person), {
          onSuccess: () => "found",
          onFailure: ({ _tag }) => _tag
        })
      const step = 100
      for (let now = 0; now <= 6400; now += step) {
        for (const { fiber, since } of asking) {
          if (now - since >= 2 * patience.statement) {
            assert.isDefined(fiber.pollUnsafe(), `asked at ${since}, waiting at ${now}`)
          }
        }
        if (now <= 3200) {
          for (const person of ["ada", "grace", "ghost"]) {
            asking.push({ since: now, fiber: yield* ask(tagOf(person)) })
          }
        }
        yield* settle
        yield* TestClock.adjust(step)
        yield* settle
      }
      const tags = new Set(yield* Fiber.joinAll(asking.map(({ fiber }) => fiber)))
      assert.deepStrictEqual([...tags], ["DbUnavailable"])

      yield* letThrough
      const found = yield* Effect.forEach(["ada", "grace"], tagOf, { concurrency: "unbounded" })
      assert.deepStrictEqual(found, ["found", "found"])
    }).pipe(Effect.provide(TestClock.layer()))
  )

  it.effect("see the present: a statement under way does not answer a later lookup", () =>
    Effect.gen(function* () {
      const schema = yield* auth
      const { find, next } = yield* heldLookups(schema)
      const before = yield* ask(find("ada"))
      const read = yield* next
      yield* execIn(schema, `delete from "session" where id = 'ada-session'`)
      const after = yield* ask(find("ada"))
      const readLater = yield* next
      yield* readLater.answer
      const signedOut = yield* Fiber.join(after)
      assert.strictEqual<string | undefined>(signedOut?.userId, "ada")
      assert.isUndefined(signedOut?.sessionId)
      yield* read.answer
      assert.strictEqual((yield* Fiber.join(before))?.sessionId, "ada-session")

      const again = yield* ask(find("ada"))
      yield* (yield* next).answer
      assert.isUndefined((yield* Fiber.join(again))?.sessionId)
    })
  )
})
