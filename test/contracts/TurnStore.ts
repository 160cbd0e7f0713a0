import { assert, type Vitest } from "@effect/vitest"
import { Effect } from "effect"
import {
  all,
  failure,
  idsOf,
  Leases,
  message,
  put,
  type Stores,
  thread,
  userWith
} from "../support/ThreadFixtures.ts"

/** How a thread belongs to one turn at a time, in every store. */
export const turns = (it: Vitest.MethodsNonLive<Stores | Leases>) => {
  it.effect("gives a thread to one turn until that one ends", () =>
    Effect.gen(function* () {
      const { ids, store, user, turns } = yield* userWith(2)
      const [id = "", other = ""] = ids
      assert.deepEqual(yield* turns.begin(user, id, "one"), thread(id))
      for (const turn of ["two", "one"]) {
        assert.strictEqual(yield* failure(turns.begin(user, id, turn)), "TurnTaken")
      }
      assert.deepEqual(yield* turns.begin(user, other, "two"), thread(other))
      yield* turns.end(user, id, "two")
      assert.strictEqual(yield* failure(turns.begin(user, id, "two")), "TurnTaken")
      yield* store.updateThread(user, id, { title: "Renamed" })
      yield* turns.end(user, id, "one")
      yield* turns.end(user, id, "one")
      const begun = yield* turns.begin(user, id, "three")
      assert.deepEqual(begun, thread(id, { title: "Renamed" }))
      const none = yield* failure(turns.begin(user, "thr_none", "four"))
      assert.strictEqual(none, "NotFound(Thread)")
      yield* turns.end(user, "thr_none", "four")
    })
  )

  it.effect("holds a thread that was created by a turn", () =>
    Effect.gen(function* () {
      const { store, user, turns } = yield* userWith(0)
      const id = `${user}-new`
      yield* store.createThread(user, thread(id), [put(message(id, "a"))], "one")
      assert.strictEqual(yield* failure(turns.begin(user, id, "two")), "TurnTaken")
      yield* store.commit(user, id, [put(message(id, "b"))], "one")
      yield* turns.end(user, id, "one")
      yield* turns.begin(user, id, "two")
      assert.deepEqual(idsOf(yield* store.loadThreadItems(user, id, all)), ["a", "b"])
    })
  )

  it.effect("writes for a turn only while the thread is that turn's", () =>
    Effect.gen(function* () {
      const { id, store, user, turns } = yield* userWith(1)
      const one = [put(message(id, "one"))]
      const two = [
        put(message(id, "two")),
        { type: "update_thread", patch: { title: "Two" } } as const
      ]
      const lost = Effect.fnUntraced(function* (turn: string) {
        for (const changes of [one, two, []]) {
          assert.strictEqual(yield* failure(store.commit(user, id, changes, turn)), "TurnLost")
        }
        assert.deepEqual(yield* store.loadThread(user, id), thread(id))
        assert.deepEqual(idsOf(yield* store.loadThreadItems(user, id, all)), ["first"])
      })
      yield* lost("never begun")
      yield* turns.begin(user, id, "now")
      yield* lost("another")
      yield* turns.end(user, id, "now")
      yield* lost("now")
      yield* turns.begin(user, id, "again")
      yield* store.commit(user, id, one, "again")
      yield* store.commit(user, id, two, "again")
      const written = yield* store.loadThreadItems(user, id, all)
      assert.deepEqual(idsOf(written), ["first", "one", "two"])
      yield* store.commit(user, id, [put(message(id, "three"))])
      yield* store.deleteThread(user, id)
      assert.strictEqual(yield* failure(store.commit(user, id, one, "again")), "TurnLost")
      assert.strictEqual(yield* failure(store.commit(user, id, two, "again")), "TurnLost")
    })
  )

  it.effect("lets another turn take a thread of which nothing was heard in time", () =>
    Effect.gen(function* () {
      const { expire } = yield* Leases
      const { id, store, user, turns } = yield* userWith(1)
      yield* turns.begin(user, id, "one")
      yield* expire(id)
      yield* store.commit(user, id, [put(message(id, "late_but_alone"))], "one")
      yield* turns.begin(user, id, "two")
      const late = store.commit(user, id, [put(message(id, "too_late"))], "one")
      assert.strictEqual(yield* failure(late), "TurnLost")
      yield* turns.end(user, id, "one")
      assert.strictEqual(yield* failure(turns.begin(user, id, "three")), "TurnTaken")
    })
  )

  it.effect("keeps all turns alive that give a sign of life, and no other", () =>
    Effect.gen(function* () {
      const { expire } = yield* Leases
      const { ids, user, turns } = yield* userWith(3)
      for (const id of ids) yield* turns.begin(user, id, `turn-${id}`)
      for (const id of ids) yield* expire(id)
      assert.strictEqual((yield* turns.renew([])).size, 0)
      const held = yield* turns.renew([`turn-${ids[0]}`, "unknown", `turn-${ids[2]}`])
      assert.deepStrictEqual([...held].sort(), [`turn-${ids[0]}`, `turn-${ids[2]}`].sort())
      const begun = yield* Effect.forEach(ids, (id) =>
        Effect.match(turns.begin(user, id, `next-${id}`), {
          onFailure: ({ _tag }) => _tag,
          onSuccess: () => "begun"
        })
      )
      assert.deepEqual(begun, ["TurnTaken", "begun", "TurnTaken"])
    })
  )
}
