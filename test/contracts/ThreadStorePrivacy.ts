import { assert, type Vitest } from "@effect/vitest"
import { Effect } from "effect"
import { UserId } from "../../src/core/User.ts"
import { unique } from "../support/postgres/SharedDatabase.ts"
import {
  all,
  type AllStores,
  attachment,
  failure,
  message,
  newest,
  oddIds,
  oldest,
  put,
  roomy,
  seenBy,
  type Stores,
  thread,
  userWith
} from "../support/ThreadFixtures.ts"

const twoChanges = [
  put(message("any", "smuggled")),
  { type: "update_thread", patch: { title: "New" } } as const
]

/** Everything that names a thread, an item or an attachment, and could find another user's. */
export const attempts = ({ attachments, store, turns }: AllStores, user: UserId) => {
  const ofThread = (id: string) => ({
    loadThread: store.loadThread(user, id),
    loadThreadWithItems: store.loadThreadWithItems(user, id, 20),
    loadThreads: store.loadThreads(user, { ...newest, after: id }),
    loadThreadItems: store.loadThreadItems(user, id, all),
    loadThreadItemsAfter: store.loadThreadItems(user, id, { ...all, after: "first" }),
    loadThreadItemsUpTo: store.loadThreadItems(user, id, { ...all, upTo: "first" }),
    loadItem: store.loadItem(user, id, "first"),
    loadPendingToolCalls: store.loadPendingToolCalls(user, id),
    commitOne: store.commit(user, id, twoChanges.slice(0, 1)),
    commit: store.commit(user, id, twoChanges),
    commitOneInTurn: store.commit(user, id, twoChanges.slice(0, 1), "theirs"),
    commitInTurn: store.commit(user, id, twoChanges, "theirs"),
    commitNothing: store.commit(user, id, []),
    updateThread: store.updateThread(user, id, { title: "New" }),
    deleteThread: store.deleteThread(user, id),
    beginTurn: turns.begin(user, id, "mine"),
    endTurn: turns.end(user, id, "theirs")
  })
  const ofAttachment = (id: string) => ({
    loadAttachments: attachments.load(user, [id]),
    deleteAttachment: attachments.delete(user, id),
    createThread: store.createThread(user, thread(unique("thr")), [
      { type: "attach", attachment_ids: [id] }
    ])
  })
  return { ofThread, ofAttachment }
}

/** The outcomes of attempts at something that does not exist. */
export const nothing = {
  loadThread: "NotFound(Thread)",
  loadThreadWithItems: "NotFound(Thread)",
  loadThreads: "NotFound(Thread)",
  loadThreadItems: { data: [], has_more: false },
  loadThreadItemsAfter: "NotFound(Item)",
  loadThreadItemsUpTo: "NotFound(Item)",
  loadItem: "NotFound(Item)",
  loadPendingToolCalls: [],
  commitOne: "NotFound(Thread)",
  commit: "NotFound(Thread)",
  commitOneInTurn: "TurnLost",
  commitInTurn: "TurnLost",
  commitNothing: "NotFound(Thread)",
  updateThread: "NotFound(Thread)",
  deleteThread: undefined,
  beginTurn: "NotFound(Thread)",
  endTurn: undefined,
  loadAttachments: "NotFound(Attachment)",
  deleteAttachment: undefined,
  createThread: "NotFound(Attachment)"
}

const outcomes = (effects: Record<string, Effect.Effect<unknown, unknown>>) =>
  Effect.all(
    Object.fromEntries(
      Object.entries(effects).map(([name, effect]) => [
        name,
        Effect.matchEffect(effect, {
          onFailure: (error) => failure(Effect.fail(error)),
          onSuccess: (value) => Effect.succeed(value)
        })
      ])
    )
  )

/** Every store keeps the data of one user from the others. */
export const privacy = (it: Vitest.MethodsNonLive<Stores>) => {
  it.effect("refuses to read, change or delete another user's data", () =>
    Effect.gen(function* () {
      const { attachments, ids, store, user, turns } = yield* userWith(2)
      const [id = "", free = ""] = ids
      const file = `${user}-file`
      yield* attachments.save(user, attachment(file), roomy)
      yield* turns.begin(user, id, "theirs")
      const before = yield* seenBy(user, ids, [file])
      for (const name of [unique("stranger"), user.toUpperCase(), `${user} `]) {
        const stranger = UserId.make(name)
        const { ofAttachment, ofThread } = attempts({ attachments, store, turns }, stranger)
        for (const thread of ids) {
          const found = yield* outcomes({ ...ofThread(thread), ...ofAttachment(file) })
          assert.deepEqual(found, nothing)
        }
        assert.deepEqual(yield* seenBy(stranger, [id], [file]), {
          threads: { data: [], has_more: false },
          items: [{ data: [], has_more: false }],
          visible: [{ data: [], has_more: false }],
          pending: [[]],
          attachments: ["missing"]
        })
      }
      assert.deepEqual(yield* seenBy(user, ids, [file]), before)
      yield* store.commit(user, id, [put(message(id, "still_mine"))], "theirs")
      yield* turns.begin(user, free, "theirs too")
    })
  )

  it.effect("finds nothing by an id with odd bytes", () =>
    Effect.gen(function* () {
      const { attachments, id, store, turns, user } = yield* userWith(1)
      const file = `${user}-file`
      yield* attachments.save(user, attachment(file), roomy)
      const { ofAttachment, ofThread } = attempts({ attachments, store, turns }, user)
      const before = yield* seenBy(user, [id], [file])
      for (const odd of oddIds(id)) {
        const found = yield* outcomes({ ...ofThread(odd), ...ofAttachment(odd) })
        assert.deepEqual(found, nothing, JSON.stringify(odd).slice(0, 80))
        const item = yield* failure(store.loadItem(user, id, odd))
        assert.strictEqual(item, "NotFound(Item)")
        for (const query of [
          { ...all, after: odd },
          { ...all, upTo: odd }
        ]) {
          assert.strictEqual(
            yield* failure(store.loadThreadItems(user, id, query)),
            "NotFound(Item)"
          )
        }
      }
      assert.deepEqual(yield* seenBy(user, [id], [file]), before)
    })
  )

  it.effect("refuses a cursor that is not one of the user's threads", () =>
    Effect.gen(function* () {
      const { store, user } = yield* userWith(2)
      const other = yield* userWith(1)
      for (const after of [other.id, "first", "thr_unknown"]) {
        for (const query of [oldest, newest]) {
          const failed = yield* failure(store.loadThreads(user, { ...query, after }))
          assert.strictEqual(failed, "NotFound(Thread)")
        }
      }
    })
  )
}
