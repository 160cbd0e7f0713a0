import { assert, layer } from "@effect/vitest"
import { Arbitrary, Cause, Effect, Layer, Schema } from "effect"
import { type Change } from "../../../../src/threads/ThreadStore.ts"
import { UserId } from "../../../../src/core/User.ts"
import {
  all,
  answer,
  attachment,
  failure,
  hidden,
  message,
  newest,
  put,
  roomy,
  seenBy,
  stores,
  thread,
  toolCall,
  visible
} from "../../../support/ThreadFixtures.ts"
import { StoresMemory } from "../../../support/StoresMemory.ts"
import { unique } from "../../../support/postgres/SharedDatabase.ts"
import { StoreOnPostgreSQL } from "../../../support/postgres/ThreadStores.ts"

const upTo = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))

/** Numbers that stand for users, threads, items and turns, so few that they meet all the time. */
const names = { user: upTo(1), thread: upTo(2), item: upTo(3), turn: upTo(2), n: upTo(5) }

const Step = Schema.Struct({
  ...names,
  do: Schema.Literals([
    "create",
    "commit",
    "commit",
    "commit",
    "update",
    "delete",
    "begin",
    "end",
    "prolong",
    "save",
    "drop",
    "read"
  ]),
  changes: Schema.Array(
    Schema.Struct({
      item: names.item,
      n: names.n,
      do: Schema.Literals(["put", "put", "put", "delete", "after", "patch", "attach"])
    })
  ).check(Schema.isMaxLength(3))
})
type Step = typeof Step.Type

const itemOf = (threadId: string, id: string, n: number) =>
  [
    message(threadId, id),
    hidden(threadId, id),
    toolCall(threadId, id),
    toolCall(threadId, id, "completed"),
    answer(threadId, id, `${n}`),
    message(threadId, id, "\u0000")
  ][n] ?? message(threadId, id)

const patches = [
  { title: "One" },
  { title: null, metadata: { a: 1 } },
  { status: { type: "locked" } },
  { allowed_image_domains: ["a.example"] },
  { allowed_image_domains: null },
  {}
] as const

/** A store's answer, in a form that is the same for every store. */
const answered = (effect: Effect.Effect<unknown, unknown>) =>
  Effect.matchCauseEffect(effect, {
    onFailure: (cause) =>
      Cause.hasDies(cause) ? Effect.succeed("died") : failure(Effect.failCause(cause)),
    onSuccess: (value) => Effect.succeed(value ?? "done")
  })

/** One play on one store; what it leaves is what everybody was answered and can see. */
const play = (steps: ReadonlyArray<Step>, prefix: string) =>
  Effect.gen(function* () {
    const { attachments, store, turns } = yield* stores
    const user = (n: number) => UserId.make(`${prefix}-user-${n}`)
    const threadId = (n: number) => `${prefix}-thread-${n}`
    const file = (n: number) => `${prefix}-file-${n}`

    const changesOf = (step: Step): ReadonlyArray<Change> =>
      step.changes.map(({ do: what, item, n }): Change => {
        const item_id = `item-${item}`
        switch (what) {
          case "put":
            return put(itemOf(threadId(step.thread), item_id, n))
          case "delete":
            return { type: "delete_item", item_id }
          case "after":
            return { type: "delete_items_after", item_id }
          case "patch":
            return { type: "update_thread", patch: patches[n] ?? {} }
          case "attach":
            return { type: "attach", attachment_ids: [file(item), file(n % 3)] }
        }
      })

    const run = (step: Step): Effect.Effect<unknown, unknown> => {
      const who = user(step.user)
      const id = threadId(step.thread)
      const turn = step.turn === 0 ? undefined : `${prefix}-turn-${step.turn}`
      const held = turn ?? `${prefix}-turn-0`
      switch (step.do) {
        case "create":
          return store.createThread(who, thread(id), changesOf(step), turn)
        case "commit":
          return store.commit(who, id, changesOf(step), turn)
        case "update":
          return store.updateThread(who, id, patches[step.n] ?? {})
        case "delete":
          return store.deleteThread(who, id)
        case "begin":
          return turns.begin(who, id, held)
        case "end":
          return turns.end(who, id, held)
        case "prolong":
          return turns.renew([held])
        case "save":
          return attachments.save(who, attachment(file(step.item), { size: step.n }), roomy)
        case "drop":
          return attachments.delete(who, file(step.item))
        case "read": {
          const after = `item-${step.item}`
          return Effect.all([
            answered(store.loadThreads(who, { ...newest, limit: 1, after: id })),
            answered(store.loadThreadItems(who, id, { ...all, limit: 2, after })),
            answered(store.loadThreadItems(who, id, { ...visible, limit: step.n + 1, after })),
            answered(store.loadThreadItems(who, id, { ...visible, upTo: after })),
            answered(store.loadItem(who, id, after))
          ])
        }
      }
    }

    const threads = [0, 1, 2].map(threadId)
    const files = [0, 1, 2, 3].map(file)
    for (const [n, id] of threads.entries()) {
      const items = [0, 1, 2, 3].map((item) => put(itemOf(id, `item-${item}`, (item + n) % 4)))
      yield* store.createThread(user(n % 2), thread(id), items)
      yield* attachments.save(user(n % 2), attachment(file(n)), roomy)
    }
    const answers = yield* Effect.forEach(steps, (step) => answered(run(step)))
    const seen = yield* Effect.forEach([0, 1], (n) => seenBy(user(n), threads, files))
    return { answers, seen }
  })

const listed = (seen: Effect.Success<ReturnType<typeof seenBy>> | undefined) => [
  ...(seen?.threads.data ?? []).map(({ id }) => id),
  ...(seen?.attachments ?? []).flatMap((found) => (found === "missing" ? [] : found[0]!.id))
]

layer(StoreOnPostgreSQL, { excludeTestServices: true })("whatever two users do", (it) => {
  it.effect.prop(
    "comes to the same in PostgreSQL and in memory, and neither sees the other's",
    [Arbitrary.array(Arbitrary.schema(Step), { minLength: 10, maxLength: 40 })],
    ([steps]) =>
      Effect.gen(function* () {
        const prefix = unique("play")
        const memory = yield* Layer.build(StoresMemory)
        const stored = yield* play(steps, prefix)
        const remembered = yield* Effect.provide(play(steps, prefix), memory)
        assert.deepEqual(stored, remembered)
        const [one, two] = stored.seen
        const ofOne = new Set(listed(one))
        assert.isEmpty(listed(two).filter((id) => ofOne.has(id)))
        for (const [i] of [0, 1, 2].entries()) {
          const theirs = [one, two].filter((seen) => (seen?.items[i]?.data.length ?? 0) > 0)
          assert.isAtMost(theirs.length, 1)
        }
      }).pipe(Effect.scoped),
    { arbitrary: { runs: 40, maxShrinks: 20 } }
  )
})
