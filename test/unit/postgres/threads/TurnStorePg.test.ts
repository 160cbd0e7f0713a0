import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import {
  all,
  failure,
  idsOf,
  Leases,
  message,
  put,
  stores,
  thread,
  userWith
} from "../../../support/ThreadFixtures.ts"
import { onRealServer, TestDatabase } from "../../../support/Database.ts"
import { StoreOnPostgreSQL, StorePg } from "../../../support/postgres/ThreadStores.ts"

/** The pool and the store of another server on the same database. */
const otherServer = Effect.gen(function* () {
  const { client } = yield* TestDatabase
  return yield* Effect.provide(stores, yield* Layer.build(Layer.provide(StorePg, client)))
})

const outcome = <A, E extends { readonly _tag: string }>(effect: Effect.Effect<A, E>) =>
  Effect.match(effect, { onFailure: ({ _tag }) => _tag, onSuccess: () => "done" as const })

const together = { concurrency: "unbounded" } as const

layer(StoreOnPostgreSQL, { excludeTestServices: true })("two servers on one database", (it) => {
  it.effect.skipIf(!onRealServer)("give a thread to exactly one of the turns that want it", () =>
    Effect.gen(function* () {
      const { id, turns, user } = yield* userWith(1)
      const { expire } = yield* Leases
      const servers = [turns, (yield* otherServer).turns]
      for (let round = 0; round < 10; round++) {
        const wanted = Array.from({ length: 8 }, (_, i) =>
          outcome(servers[i % 2]!.begin(user, id, `${round}-${i}`))
        )
        const begun = yield* Effect.all(wanted, together)
        assert.deepEqual(begun.toSorted(), [...Array<string>(7).fill("TurnTaken"), "done"])
        if (round % 2 === 0) yield* expire(id)
        else yield* turns.end(user, id, `${round}-${begun.indexOf("done")}`)
      }
    })
  )

  it.effect.skipIf(!onRealServer)("write nothing for a turn that the other one has taken", () =>
    Effect.gen(function* () {
      const { id, store, turns, user } = yield* userWith(1)
      const { expire } = yield* Leases
      const other = yield* otherServer
      yield* turns.begin(user, id, "mine")
      yield* expire(id)
      yield* other.turns.begin(user, id, "theirs")
      yield* turns.renew(["mine"])
      const one = [put(message(id, "late"))]
      const two = [...one, { type: "update_thread", patch: { title: "Late" } } as const]
      for (const changes of [one, two]) {
        assert.strictEqual(yield* failure(store.commit(user, id, changes, "mine")), "TurnLost")
      }
      assert.deepEqual(idsOf(yield* other.store.loadThreadItems(user, id, all)), ["first"])
      assert.deepEqual(yield* other.store.loadThread(user, id), thread(id))
    })
  )

  it.effect.skipIf(!onRealServer)("lose no item, and show all of them in one order", () =>
    Effect.gen(function* () {
      const { id, store, user } = yield* userWith(1)
      const other = yield* otherServer
      const writes = [store, other.store].flatMap((server, who) =>
        Array.from({ length: 20 }, (_, i) => {
          const items = [`${who}-${i}-a`, `${who}-${i}-b`].slice(i % 2)
          return server.commit(
            user,
            id,
            items.map((item) => put(message(id, item)))
          )
        })
      )
      yield* Effect.all(writes, together)
      const seen = idsOf(yield* store.loadThreadItems(user, id, all))
      assert.deepEqual(idsOf(yield* other.store.loadThreadItems(user, id, all)), seen)
      assert.lengthOf(new Set(seen), 61)
      for (const a of seen.filter((item) => item.endsWith("-a"))) {
        assert.strictEqual(seen[seen.indexOf(a) + 1], a.replace("-a", "-b"))
      }
    })
  )

  it.effect.skipIf(!onRealServer)("keep both a new title and what a turn changes at once", () =>
    Effect.gen(function* () {
      const { id, store, turns, user } = yield* userWith(1)
      const other = yield* otherServer
      yield* turns.begin(user, id, "turn")
      for (let round = 0; round < 20; round++) {
        const title = `Title ${round}`
        const metadata = { round }
        yield* Effect.all(
          [
            other.store.updateThread(user, id, { title }),
            store.commit(user, id, [{ type: "update_thread", patch: { metadata } }], "turn")
          ],
          together
        )
        assert.deepEqual(yield* store.loadThread(user, id), thread(id, { title, metadata }))
      }
    })
  )

  it.effect.skipIf(!onRealServer)("give a new turn the thread as the last commit left it", () =>
    Effect.gen(function* () {
      const { id, store, turns, user } = yield* userWith(1)
      const other = yield* otherServer
      for (let round = 0; round < 20; round++) {
        const metadata = { round }
        yield* turns.begin(user, id, `mine-${round}`)
        const [begun] = yield* Effect.all(
          [
            other.turns
              .begin(user, id, `theirs-${round}`)
              .pipe(Effect.retry({ while: ({ _tag }) => _tag === "TurnTaken" })),
            store
              .commit(user, id, [{ type: "update_thread", patch: { metadata } }], `mine-${round}`)
              .pipe(Effect.andThen(turns.end(user, id, `mine-${round}`)))
          ],
          together
        )
        assert.deepEqual(begun, thread(id, { metadata }))
        yield* other.turns.end(user, id, `theirs-${round}`)
      }
    })
  )
})
