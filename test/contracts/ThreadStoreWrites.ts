import { isDeepStrictEqual } from "node:util"
import { assert, type Vitest } from "@effect/vitest"
import { Effect } from "effect"
import { isId } from "../../src/core/Ids.ts"
import { type Change, mostBytes } from "../../src/threads/ThreadStore.ts"
import {
  all,
  answer,
  attachment,
  failure,
  hidden,
  idsOf,
  message,
  oddIds,
  ofBytes,
  put,
  roomy,
  seenBy,
  type Stores,
  thread,
  userWith,
  visible
} from "../support/ThreadFixtures.ts"

const texts = [
  "",
  "\u0000",
  "a\u0000b",
  "\ud800",
  "\udc00\ud800",
  "\\u0000",
  "\u0001\u007f\u2028",
  "🙂\u0301",
  `"'$1;--`,
  "x".repeat(200_000)
]

/** How every store changes what it keeps. */
export const writes = (it: Vitest.MethodsNonLive<Stores>) => {
  it.effect("puts an item with a known id in the place of the old one, whatever it is", () =>
    Effect.gen(function* () {
      const { ids, store, user } = yield* userWith(2)
      const [id = "", other = ""] = ids
      yield* store.commit(user, id, [put(message(id, "a")), put(message(id, "b"))])
      yield* store.commit(user, other, [put(message(other, "a", "elsewhere"))])
      yield* store.commit(user, id, [put(hidden(id, "a", "a secret"))])
      yield* store.commit(user, id, [put(answer(id, "first", "new")), put(message(id, "c"))])
      const { data } = yield* store.loadThreadItems(user, id, all)
      assert.deepEqual(data, [
        answer(id, "first", "new"),
        hidden(id, "a", "a secret"),
        message(id, "b"),
        message(id, "c")
      ])
      const shown = yield* store.loadThreadItems(user, id, visible)
      assert.deepEqual(idsOf(shown), ["first", "b", "c"])
      yield* store.commit(user, id, [put(message(id, "a", "visible again"))])
      const again = yield* store.loadThreadItems(user, id, visible)
      assert.deepEqual(idsOf(again), ["first", "a", "b", "c"])
      const elsewhere = yield* store.loadItem(user, other, "a")
      assert.deepEqual(elsewhere, message(other, "a", "elsewhere"))
    })
  )

  it.effect("keeps every text a client may send", () =>
    Effect.gen(function* () {
      const { attachments, id, store, user } = yield* userWith(1)
      const items = texts.map((text, i) => message(id, `${i}`, text))
      for (const item of items) yield* store.commit(user, id, [put(item)])
      assert.deepEqual((yield* store.loadThreadItems(user, id, all)).data.slice(1), items)
      const odd = { title: "\u0000\ud800", metadata: { "\u0000": "\udfff", "": [texts] } }
      const titled = thread(`${id}-titled`, odd)
      yield* store.createThread(user, titled, [])
      assert.deepEqual(yield* store.loadThread(user, titled.id), titled)
      assert.deepEqual(yield* store.updateThread(user, id, odd), thread(id, odd))
      assert.deepEqual(yield* store.loadThread(user, id), thread(id, odd))
      const file = attachment(`${id}-file`, { name: "\u0000\ud800", metadata: odd.metadata })
      yield* attachments.save(user, file, roomy)
      assert.deepEqual(yield* attachments.load(user, [file.id]), [file])
    })
  )

  it.effect("changes what a patch names of a thread, and nothing else", () =>
    Effect.gen(function* () {
      const { id, store, user } = yield* userWith(1)
      const patched = yield* store.updateThread(user, id, {
        title: "One",
        allowed_image_domains: ["a.example"],
        metadata: { step: 1 }
      })
      const expected = thread(id, {
        title: "One",
        allowed_image_domains: ["a.example"],
        metadata: { step: 1 }
      })
      assert.deepEqual(patched, expected)
      yield* store.commit(user, id, [
        { type: "update_thread", patch: { title: null, status: { type: "closed" } } },
        { type: "update_thread", patch: { allowed_image_domains: null } }
      ])
      const cleared = yield* store.loadThread(user, id)
      assert.deepEqual(cleared, thread(id, { status: { type: "closed" }, metadata: { step: 1 } }))
      assert.deepEqual(yield* store.updateThread(user, id, {}), cleared)
      assert.deepEqual(idsOf(yield* store.loadThreadItems(user, id, all)), ["first"])
    })
  )

  it.effect("deletes one item, or all that came after one", () =>
    Effect.gen(function* () {
      const { ids, store, user } = yield* userWith(2)
      const [id = "", other = ""] = ids
      const names = ["a", "b", "c", "d", "e"]
      for (const to of ids)
        yield* store.commit(
          user,
          to,
          names.map((name) => put(message(to, name)))
        )
      const left = Effect.map(store.loadThreadItems(user, id, all), idsOf)
      yield* store.commit(user, id, [
        { type: "delete_item", item_id: "b" },
        { type: "delete_item", item_id: "unknown" },
        { type: "delete_item", item_id: "\u0000" }
      ])
      assert.deepEqual(yield* left, ["first", "a", "c", "d", "e"])
      yield* store.commit(user, id, [
        { type: "delete_items_after", item_id: "c" },
        put(message(id, "f"))
      ])
      assert.deepEqual(yield* left, ["first", "a", "c", "f"])
      yield* store.commit(user, id, [{ type: "delete_items_after", item_id: "f" }])
      assert.deepEqual(yield* left, ["first", "a", "c", "f"])
      const untouched = yield* store.loadThreadItems(user, other, all)
      assert.deepEqual(idsOf(untouched), ["first", ...names])
    })
  )

  it.effect("writes all of a commit or nothing", () =>
    Effect.gen(function* () {
      const { attachments, id, store, user } = yield* userWith(1)
      const stranger = yield* userWith(0)
      const mine = `${user}-mine`
      const theirs = `${stranger.user}-theirs`
      yield* attachments.save(user, attachment(mine), roomy)
      yield* attachments.save(stranger.user, attachment(theirs), roomy)
      const seen = seenBy(user, [id, `${user}-new`], [mine])
      const before = yield* seen
      const impossible: ReadonlyArray<Change> = [
        { type: "attach", attachment_ids: [mine, theirs] },
        { type: "attach", attachment_ids: ["atc_unknown"] },
        { type: "attach", attachment_ids: [mine, "\u0000"] },
        { type: "delete_items_after", item_id: "unknown" },
        { type: "delete_items_after", item_id: "\ud800" }
      ]
      for (const last of impossible) {
        const changes: ReadonlyArray<Change> = [
          put(message(id, "second")),
          { type: "attach", attachment_ids: [mine] },
          { type: "update_thread", patch: { title: "New" } },
          { type: "delete_item", item_id: "first" },
          last
        ]
        const object = last.type === "attach" ? "NotFound(Attachment)" : "NotFound(Item)"
        assert.strictEqual(yield* failure(store.commit(user, id, changes)), object)
        const created = store.createThread(user, thread(`${user}-new`), changes)
        const refused = yield* failure(created)
        assert.strictEqual(refused, object)
        assert.deepEqual(yield* seen, before)
      }
    })
  )

  it.effect("D4: keeps what has the bytes of a page, and writes nothing of what has more", () =>
    Effect.gen(function* () {
      const { id, store, user } = yield* userWith(1)
      const largest = ofBytes(mostBytes, (text) => message(id, "large", text))
      yield* store.commit(user, id, [put(largest)])
      assert.isTrue(isDeepStrictEqual(yield* store.loadItem(user, id, "large"), largest))
      yield* store.commit(user, id, [{ type: "delete_item", item_id: "large" }])

      const larger = ofBytes(mostBytes + 1, (text) => message(id, "large", text))
      // Bytes count, and not characters.
      const wider = message(id, "wide", "é".repeat(mostBytes / 2))
      const metadata = { large: "y".repeat(mostBytes) }
      const before = yield* seenBy(user, [id, `${user}-new`], [])
      const refused = (attempt: Effect.Effect<unknown, unknown>) =>
        Effect.gen(function* () {
          const { _tag } = (yield* Effect.flip(attempt)) as { readonly _tag: string }
          assert.strictEqual(_tag, "TooLargeToStore")
          assert.isTrue(isDeepStrictEqual(yield* seenBy(user, [id, `${user}-new`], []), before))
        })
      yield* refused(store.commit(user, id, [put(larger)]))
      yield* refused(store.commit(user, id, [put(message(id, "a")), put(wider)]))
      yield* refused(store.createThread(user, thread(`${user}-new`), [put(larger)]))
      yield* refused(store.createThread(user, thread(`${user}-new`, { metadata }), []))
      yield* refused(store.updateThread(user, id, { metadata }))
      yield* refused(
        store.commit(user, id, [
          put(message(id, "a")),
          { type: "update_thread", patch: { metadata } }
        ])
      )
    })
  )

  it.effect("takes nothing into a thread that does not exist", () =>
    Effect.gen(function* () {
      const { store, user } = yield* userWith(1)
      for (const changes of [[put(message("thr_none", "a"))], []]) {
        const refused = yield* failure(store.commit(user, "thr_none", changes))
        assert.strictEqual(refused, "NotFound(Thread)")
        const lost = yield* failure(store.commit(user, "thr_none", changes, "a turn"))
        assert.strictEqual(lost, "TurnLost")
      }
      const refused = yield* failure(store.updateThread(user, "thr_none", { title: "New" }))
      assert.strictEqual(refused, "NotFound(Thread)")
    })
  )

  it.effect("takes no id that could not be read back, and no thread's id twice", () =>
    Effect.gen(function* () {
      const { id, store, user } = yield* userWith(1)
      for (const odd of oddIds(`${user}-new`)) {
        if (isId(odd)) continue
        const created = yield* Effect.exit(store.createThread(user, thread(odd), []))
        assert.include(String(created), "no usable id")
        const committed = yield* Effect.exit(store.commit(user, id, [put(message(id, odd))]))
        assert.include(String(committed), "no usable id")
      }
      const twice = yield* Effect.exit(store.createThread(user, thread(id), []))
      assert.isTrue(twice._tag === "Failure")
      assert.deepEqual(idsOf(yield* store.loadThreadItems(user, id, all)), ["first"])
    })
  )

  it.effect("deletes a thread with everything in it, and only that one", () =>
    Effect.gen(function* () {
      const { attachments, ids, store, user } = yield* userWith(2)
      const [id = "", other = ""] = ids
      const files = ["gone", "kept", "waiting"].map((name) => `${user}-${name}`)
      for (const file of files) yield* attachments.save(user, attachment(file), roomy)
      const [gone = "", kept = "", waiting = ""] = files
      yield* store.commit(user, id, [{ type: "attach", attachment_ids: [gone] }])
      yield* store.commit(user, other, [{ type: "attach", attachment_ids: [kept] }])
      yield* store.deleteThread(user, id)
      yield* store.deleteThread(user, id)
      const seen = yield* seenBy(user, ids, files)
      assert.deepEqual(seen.threads.data, [thread(other)])
      assert.deepEqual(seen.items.map(idsOf), [[], ["first"]])
      assert.deepEqual(seen.attachments, [
        "missing",
        [attachment(kept, { thread_id: other })],
        [attachment(waiting)]
      ])
      assert.strictEqual(yield* failure(store.loadThread(user, id)), "NotFound(Thread)")
      assert.strictEqual(yield* failure(store.loadItem(user, id, "first")), "NotFound(Item)")
    })
  )
}
