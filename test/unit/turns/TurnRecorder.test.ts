import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import { DbUnavailable } from "../../../src/core/Errors.ts"
import { UserId } from "../../../src/core/User.ts"
import type { ResponseEventInput } from "../../../src/protocol/Events.ts"
import type { ThreadItem } from "../../../src/protocol/Items.ts"
import * as Answer from "../../../src/responder/Answer.ts"
import { card } from "../../../src/responder/playground/Card.ts"
import type { Turn } from "../../../src/responder/Turn.ts"
import { mostBytes, ThreadStore } from "../../../src/threads/ThreadStore.ts"
import {
  add,
  chatKit,
  create,
  document,
  get,
  operation,
  responding,
  stream,
  streamUntil
} from "../../support/ChatKitService.ts"
import { captureLogs } from "../../support/Doubles.ts"
import { storesWith } from "../../support/StoresMemory.ts"

const thr = "thr_00000001"

const item = (id: string, text?: string) => ({
  id,
  thread_id: thr,
  created_at: "2025-01-01T12:00:00Z",
  type: "assistant_message" as const,
  content: text === undefined ? [] : [{ type: "output_text" as const, text }]
})

type Event = ResponseEventInput

const added = (id: string, text?: string): Event => ({
  type: "thread.item.added",
  item: item(id, text)
})
const done = (id: string, text: string): Event => ({
  type: "thread.item.done",
  item: item(id, text)
})
const replaced = (id: string, text: string): Event => ({
  type: "thread.item.replaced",
  item: item(id, text)
})
const removed = (id: string): Event => ({ type: "thread.item.removed", item_id: id })
const delta = (id: string, delta: string, content_index = 0): Event => ({
  type: "thread.item.updated",
  item_id: id,
  update: { type: "assistant_message.content_part.text_delta", content_index, delta }
})

const events = (...list: ReadonlyArray<Event>) => Stream.fromIterable(list)

/** The stored part of the answers: the text of a message, the type of anything else. */
const kept = Effect.gen(function* () {
  const { loadThreadItems } = yield* ThreadStore
  const query = { limit: 100, order: "asc" as const, after: null, hidden: true }
  const { data } = yield* loadThreadItems(UserId.make("ada"), thr, query)
  return data.filter(({ type }) => type !== "user_message").map(textOf)
})

const textOf = (item: ThreadItem) =>
  item.type === "assistant_message" ? item.content.map(({ text }) => text).join("") : item.type

const last = (told: ReadonlyArray<string>) => JSON.parse(told.at(-1) ?? "{}") as unknown

const broken = { type: "error", code: "stream.error", allow_retry: true }

/** A thought in a workflow, a widget that grows, and half a sentence in a message. */
const partly = (turn: Turn) =>
  Stream.concat(
    thinking(turn),
    Stream.concat(growing(turn), Answer.sayPartly(turn, "half a sentence"))
  )

const thinking = (turn: Turn) => {
  const task = { type: "thought" as const, content: "Hm", status_indicator: "none" as const }
  return Answer.workflow(turn, { type: "reasoning", tasks: [] }, Stream.make({ task })).pipe(
    Stream.takeUntil(({ type }) => type === "thread.item.updated")
  )
}

const growing = (turn: Turn) =>
  Answer.streamWidget(turn, Stream.make(card("half a widget"))).pipe(
    Stream.takeUntil(({ type }) => type === "thread.item.added")
  )

describe("E2: what was read of an answer", () => {
  const endings: ReadonlyArray<readonly [string, Answer.Answer]> = [
    ["fails", Stream.fail(new Error("the model is gone"))],
    ["takes too long", Stream.fromEffectDrain(Effect.timeout(Effect.never, 1))],
    ["has a bug", Stream.die(new Error("a bug"))],
    ["interrupts itself", Stream.fromEffectDrain(Effect.interrupt)],
    ["violates the protocol", events({ type: "no such event" } as never)]
  ]

  it.live.each(endings)("is kept where it %s, and the person may try again", ([, ending]) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(last(yield* stream(create("Hi"))), broken)
      assert.deepStrictEqual(yield* kept, ["workflow", "widget", "half a sentence"])
      // The thread is free.
      yield* stream(add(thr, "Again"))
    }).pipe(
      Effect.provide(
        chatKit(responding((turn) => Stream.concat(partly(turn), ending))).pipe(
          Layer.provideMerge(captureLogs([]))
        )
      )
    )
  )

  it.effect("is kept where it ends before it is done", () =>
    Effect.gen(function* () {
      const told = yield* stream(create("Hi"))
      assert.include(told.at(-1), "sentence")
      assert.deepStrictEqual(yield* kept, ["workflow", "widget", "half a sentence"])
    }).pipe(Effect.provide(chatKit(responding(partly))))
  )

  it.effect("is kept where the person stops it", () =>
    Effect.gen(function* () {
      // The thread, the message, the options, the workflow, the widget, and the message in words.
      yield* streamUntil(11, create("Hi"))
      assert.deepStrictEqual(yield* kept, ["half a sentence", "sdk_hidden_context"])
    }).pipe(
      Effect.provide(chatKit(responding((turn) => Stream.concat(partly(turn), Stream.never))))
    )
  )

  it.effect("is kept once the database is back, where an outage ended it", () => {
    let isAway = false
    const away = Effect.sync(() => {
      isAway = true
    })
    return Effect.gen(function* () {
      assert.deepStrictEqual(last(yield* stream(create("Hi"))), broken)
      assert.deepStrictEqual(yield* kept, [])
      isAway = false
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* kept, ["workflow", "widget", "half a sentence"])
    }).pipe(
      Effect.provide(
        chatKit(
          responding((turn) =>
            partly(turn).pipe(
              Stream.concat(Stream.fromEffectDrain(away)),
              Stream.concat(events(done("m", "never told")))
            )
          ),
          storesWith((store) => ({
            commit: (...args) =>
              Effect.suspend(() =>
                isAway
                  ? Effect.fail(new DbUnavailable({ operation: "test" }))
                  : store.commit(...args)
              )
          }))
        ).pipe(Layer.provideMerge(captureLogs([])))
      )
    )
  })
})

describe("F4: the grown state of an item", () => {
  /** Begins with a stored item "m", and goes on in a second turn with these events. */
  const after = (...second: ReadonlyArray<Event>) =>
    Effect.gen(function* () {
      yield* stream(create("Hi"))
      yield* stream(add(thr, "go on"))
      return yield* kept
    }).pipe(
      Effect.provide(
        chatKit(
          responding(({ message }) =>
            message?.content[0]?.text === "Hi" ? events(done("m", "old")) : events(...second)
          )
        )
      )
    )

  it.effect("does not come back after a removal", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* after(delta("m", " more"), removed("m")), [])
      assert.deepStrictEqual(
        yield* after(added("n"), delta("n", "new"), removed("n"), done("o", "other")),
        ["old", "other"]
      )
      assert.deepStrictEqual(yield* after(delta("m", " more"), removed("m"), delta("m", "!")), [])
    })
  )

  it.effect("does not come back in place of what replaces it", () =>
    Effect.gen(function* () {
      for (const replaces of [replaced, done]) {
        assert.deepStrictEqual(yield* after(delta("m", " more"), replaces("m", "new")), ["new"])
        assert.deepStrictEqual(
          yield* after(added("n"), delta("n", "grown"), replaces("n", "new")),
          ["old", "new"]
        )
      }
      const grown = [replaced("m", "new"), delta("m", "er")]
      assert.deepStrictEqual(yield* after(delta("m", " more"), ...grown), ["newer"])
    })
  )

  it.effect("does not come back when another answer takes the place of the old one", () => {
    const answers = [events(done("m", "old")), events(delta("m", " more"), done("new", "another"))]
    return Effect.gen(function* () {
      yield* stream(create("Hi"))
      const { items } = (yield* document(get(thr))) as {
        readonly items: { readonly data: ReadonlyArray<{ readonly id: string }> }
      }
      const item_id = items.data[0]?.id
      yield* stream(operation("threads.retry_after_item", { thread_id: thr, item_id }))
      assert.deepStrictEqual(yield* kept, ["another"])
    }).pipe(Effect.provide(chatKit(responding(() => answers.shift() ?? Stream.empty))))
  })
})

describe("D4: what is too large to be read back", () => {
  const large = "x".repeat(mostBytes)
  const half = "y".repeat(mostBytes / 2)
  const tooLarge = {
    type: "error",
    code: "custom",
    message: "A part of this answer is too large to be kept: ask for less at a time",
    allow_retry: true
  }

  const answers: ReadonlyArray<readonly [string, ReadonlyArray<Event>, ReadonlyArray<string>]> = [
    ["an item", [done("a", "one"), done("m", large)], ["one"]],
    ["one that was added", [done("a", "one"), added("m", large)], ["one"]],
    ["one that grows", [added("m"), delta("m", half), delta("m", half)], [half]],
    ["one of quotes", [added("m"), delta("m", `"`.repeat(mostBytes / 2))], []],
    ["one that was stored", [done("m", half), delta("m", half), delta("m", "z")], [half]],
    [
      "one that is done with more than it grew",
      [added("m"), delta("m", "half a sentence"), done("m", large)],
      ["half a sentence"]
    ]
  ]

  it.effect.each(answers)("ends a turn in words where it is %s", ([, list, stored]) => {
    const logs: Array<string> = []
    return Effect.gen(function* () {
      assert.deepStrictEqual(last(yield* stream(create("Hi"))), tooLarge)
      const found = yield* kept
      if (stored.length > 0) assert.deepStrictEqual(found, stored)
      assert.isBelow(JSON.stringify(found).length, mostBytes)
      const line = logs.map((line) => JSON.parse(line)).find(({ level }) => level === "WARN")
      assert.deepInclude(line.annotations, { object: "assistant_message", mostBytes })
      yield* stream(add(thr, "Again"))
    }).pipe(
      Effect.provide(
        chatKit(
          responding(({ message }) =>
            message?.content[0]?.text === "Hi" ? events(...list) : Stream.empty
          )
        ).pipe(Layer.provideMerge(captureLogs(logs)))
      )
    )
  })

  it.effect("ends a turn in words where it is a thread, and the answer stays", () => {
    const logs: Array<string> = []
    const noting = (turn: Turn) =>
      Stream.concat(
        Answer.sayPartly(turn, "half a sentence"),
        Stream.fromEffectDrain(
          turn.updateThread((thread) => ({ ...thread, metadata: { notes: large } }))
        )
      )
    return Effect.gen(function* () {
      assert.deepStrictEqual(last(yield* stream(create("Hi"))), tooLarge)
      assert.deepStrictEqual(yield* kept, ["half a sentence"])
    }).pipe(Effect.provide(chatKit(responding(noting)).pipe(Layer.provideMerge(captureLogs(logs)))))
  })
})

describe("F11: what a turn takes away from its thread", () => {
  it.effect("is gone: its title, and the domains of its pictures", () => {
    const titled = (turn: Turn) =>
      turn.updateThread((thread) => ({
        ...thread,
        title: "A title",
        allowed_image_domains: ["a.example"]
      }))
    const bare = (turn: Turn) =>
      turn.updateThread(({ allowed_image_domains: _domains, title: _title, ...rest }) => rest)
    return Effect.gen(function* () {
      yield* stream(create("Hi"))
      assert.deepInclude(yield* document(get(thr)), { title: "A title" })
      const updated = last(yield* stream(add(thr, "bare")))
      assert.deepInclude(updated, { type: "thread.updated" })
      const thread = yield* document(get(thr))
      assert.notProperty(thread, "title")
      assert.notProperty(thread, "allowed_image_domains")
    }).pipe(
      Effect.provide(
        chatKit(
          responding((turn) =>
            Stream.fromEffectDrain((turn.message?.content[0]?.text === "Hi" ? titled : bare)(turn))
          )
        )
      )
    )
  })
})

describe("F8: the history of a responder", () => {
  it.effect(
    "has the note where the person stopped the answer before, and every hidden item",
    () => {
      const seen: Array<string> = []
      const looking = (turn: Turn) =>
        Stream.fromEffectDrain(
          Effect.map(turn.history({ order: "asc" }), ({ data }) => seen.push(...data.map(textOf)))
        )
      return Effect.gen(function* () {
        yield* streamUntil(6, create("stop me"))
        yield* stream(add(thr, "look"))
        assert.deepStrictEqual(seen, [
          "user_message",
          "hidden_context_item",
          "half",
          "sdk_hidden_context",
          "user_message"
        ])
      }).pipe(
        Effect.provide(
          chatKit(
            responding((turn) =>
              turn.message?.content[0]?.text === "look"
                ? looking(turn)
                : Answer.hidden(turn, "a secret").pipe(
                    Stream.concat(Answer.sayPartly(turn, "half")),
                    Stream.concat(Stream.never)
                  )
            )
          )
        )
      )
    }
  )
})
