import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema, Stream } from "effect"
import { card } from "../../../src/responder/playground/Card.ts"
import type { ResponseEventInput } from "../../../src/protocol/Events.ts"
import { CustomStreamError, StreamError } from "../../../src/responder/StreamErrors.ts"
import { ThreadItem } from "../../../src/protocol/Items.ts"
import type { Turn } from "../../../src/responder/Turn.ts"
import { ThreadStore } from "../../../src/threads/ThreadStore.ts"
import type { Page, Thread } from "../../../src/protocol/Threads.ts"
import { DbUnavailable } from "../../../src/core/Errors.ts"
import { TurnLost } from "../../../src/threads/Errors.ts"
import { UserId } from "../../../src/core/User.ts"
import { captureLogs } from "../../support/Doubles.ts"
import { storesWith } from "../../support/StoresMemory.ts"
import {
  add,
  chatKit,
  create,
  document,
  get,
  operation,
  refusal,
  responding,
  saying,
  stream,
  streamUntil,
  typesOf
} from "../../support/ChatKitService.ts"

const thr = "thr_00000001"
const ada = UserId.make("ada")

/** Everything in the thread, hidden items included, oldest first. */
const kept = Effect.gen(function* () {
  const store = yield* ThreadStore
  const query = { limit: 500, order: "asc" as const, after: null, hidden: true }
  return (yield* store.loadThreadItems(ada, thr, query)).data
})

const shown = Effect.map(document(get(thr)), (thread) => (thread as Thread).items.data)

const texts = Effect.map(kept, (items) =>
  items.map((item) =>
    item.type === "assistant_message"
      ? item.content.map(({ text }) => text).join("|")
      : item.type === "user_message"
        ? "user"
        : item.type
  )
)

const action = (type: string, item_id: string | null = null) =>
  operation("threads.custom_action", { thread_id: thr, item_id, action: { type } })

const retry = (item_id: string) =>
  operation("threads.retry_after_item", { thread_id: thr, item_id })

const output = (result: unknown) =>
  operation("threads.add_client_tool_output", { thread_id: thr, result })

const item = (fields: Record<string, unknown>) =>
  ({ thread_id: thr, created_at: "2025-01-01T12:00:00Z", ...fields }) as typeof ThreadItem.Encoded

const hidden = (id: string) => item({ id, type: "hidden_context_item", content: "a secret" })

const message = (id: string, text: string) =>
  item({ id, type: "assistant_message", content: [{ type: "output_text", text }] })

const events = (...list: ReadonlyArray<ResponseEventInput>) => Stream.fromIterable(list)

describe("an answer", () => {
  it.effect("is stored as the last update left it, when it is of an item stored before", () =>
    Effect.gen(function* () {
      const [, , , widget] = yield* stream(create("/widget one"))
      const { id } = (JSON.parse(widget!) as { item: { id: string } }).item
      yield* stream(action("update", id))
      const found = (yield* shown).find((item) => item.id === id)
      assert.deepInclude(found, { widget: card("updated"), copy_text: "one" })
    }).pipe(Effect.provide(chatKit()))
  )

  it.effect("is stored in the end, when it grew an item stored before bit by bit", () => {
    const begin: ResponseEventInput = { type: "thread.item.done", item: message("m", "one") }
    const grow = (delta: string): ResponseEventInput => ({
      type: "thread.item.updated",
      item_id: "m",
      update: { type: "assistant_message.content_part.text_delta", content_index: 0, delta }
    })
    return Effect.gen(function* () {
      yield* stream(create("begin"))
      yield* stream(add(thr, "grow"))
      assert.deepStrictEqual(yield* texts, ["user", "one two three", "user"])
      yield* streamUntil(3, add(thr, "leave"))
      assert.include(yield* texts, "one two three four")
    }).pipe(
      Effect.provide(
        chatKit(
          responding(({ message }) => {
            const [part] = message?.content ?? []
            if (part?.text === "begin") return events(begin)
            return part?.text === "grow"
              ? events(grow(" two"), grow(" three"))
              : Stream.concat(events(grow(" four")), Stream.never)
          })
        )
      )
    )
  })

  it.effect("never shows what is hidden, whatever the event", () => {
    const visible = message("m", "seen")
    const responder = saying(
      events(
        { type: "thread.item.added", item: hidden("h1") },
        { type: "thread.item.done", item: hidden("h1") },
        {
          type: "thread.item.updated",
          item_id: "h1",
          update: {
            type: "assistant_message.content_part.text_delta",
            content_index: 0,
            delta: "a secret"
          }
        },
        { type: "thread.item.done", item: visible },
        { type: "thread.item.replaced", item: hidden("m") },
        { type: "thread.item.replaced", item: hidden("h1") }
      )
    )
    return Effect.gen(function* () {
      const told = yield* stream(create("go"))
      assert.notInclude(told.join(""), "secret")
      assert.deepStrictEqual(typesOf(told).slice(3), [
        "thread.item.done",
        "thread.item.removed",
        "thread.item.removed"
      ])
      assert.deepStrictEqual(yield* texts, ["user", "hidden_context_item", "hidden_context_item"])
      assert.lengthOf(yield* shown, 1)
      const list = yield* document(operation("items.list", { thread_id: thr }))
      assert.deepInclude(list, { has_more: false })
      assert.lengthOf((list as Page<ThreadItem>).data, 1)
      for (const request of [retry("h1"), action("x", "h1")]) {
        assert.deepInclude(yield* refusal(request), { _tag: "NotFound", object: "Item" })
      }
      const after = operation("items.list", { thread_id: thr, after: "h1" })
      assert.deepInclude(yield* refusal(after), { _tag: "NotFound", object: "Cursor" })
    }).pipe(Effect.provide(chatKit(responder)))
  })

  it.effect("has defaults filled in, nulls left out, and belongs to its thread", () => {
    const sloppy = {
      type: "thread.item.done",
      item: {
        type: "assistant_message",
        created_at: "2025-01-01T12:00:00Z",
        unknown: 1,
        content: [{ type: "output_text", text: "hi" }],
        thread_id: "another",
        id: "m"
      }
    } as ResponseEventInput
    return Effect.gen(function* () {
      const told = yield* stream(create("go"))
      assert.strictEqual(
        told.at(-1),
        `{"type":"thread.item.done","item":{"id":"m","thread_id":"${thr}","created_at":"2025-01-01T12:00:00Z","type":"assistant_message","content":[{"annotations":[],"text":"hi","type":"output_text"}]}}`
      )
    }).pipe(Effect.provide(chatKit(saying(events(sloppy)))))
  })

  it.effect(
    "that does not fit the protocol fails, and the log says where but not with what",
    () => {
      const lines: Array<string> = []
      const wrong = { type: "progress_update", icon: "a-secret-icon", text: "x" } as never
      return Effect.gen(function* () {
        const told = yield* stream(create("go"))
        assert.include(told.at(-1), "stream.error")
        assert.include(lines.join("\n"), "progress_update: icon")
        assert.notInclude(lines.join("\n"), "a-secret-icon")
      }).pipe(Effect.provide([chatKit(saying(events(wrong))), captureLogs(lines)]))
    }
  )

  it.effect("ends with the words its failure has for the person, and with what changed", () => {
    const failing = (error: unknown) =>
      responding((turn) =>
        Stream.concat(
          Stream.fromEffectDrain(turn.updateThread((thread) => ({ ...thread, title: "T" }))),
          Stream.fail(error)
        )
      )
    const last = (error: unknown) =>
      Effect.map(stream(create("go")), (told) => told.slice(3)).pipe(
        Effect.provide(chatKit(failing(error)))
      )
    return Effect.gen(function* () {
      const custom = new CustomStreamError({ message: "No", allow_retry: false })
      const [event, updated] = yield* last(custom)
      assert.strictEqual(
        event,
        `{"type":"error","code":"custom","message":"No","allow_retry":false}`
      )
      assert.include(updated, `"title":"T"`)
      const [plain] = yield* last(new StreamError({ code: "stream.error", allow_retry: false }))
      assert.strictEqual(plain, `{"type":"error","code":"stream.error","allow_retry":false}`)
    })
  })
})

describe("a tool's output", () => {
  it.effect("goes to the newest call that waits, whatever came after it, and the others go", () =>
    Effect.gen(function* () {
      yield* stream(create("/tool old|{}\n/tool new|{}\n/say after\n/hidden note"))
      yield* stream(output({ ok: null }))
      const calls = (yield* kept).filter((item) => item.type === "client_tool_call")
      assert.lengthOf(calls, 1)
      assert.deepInclude(calls[0], { name: "new", status: "completed", output: { ok: null } })
      const again = yield* refusal(output(1))
      assert.strictEqual(again._tag, "Conflict")
    }).pipe(Effect.provide(chatKit()))
  )

  it.effect("of null leaves no output behind", () =>
    Effect.gen(function* () {
      yield* stream(create("/tool t|{}"))
      yield* stream(output(null))
      const [call] = (yield* kept).filter((item) => item.type === "client_tool_call")
      assert.notProperty(call, "output")
      assert.deepInclude(call, { status: "completed" })
    }).pipe(Effect.provide(chatKit()))
  )
})

describe("a retry", () => {
  const answers = (second: (turn: Turn) => Stream.Stream<ResponseEventInput, unknown>) => {
    let asked = 0
    return responding((turn) =>
      asked++ === 0
        ? events({ type: "thread.item.done", item: message("old", "old answer") })
        : second(turn)
    )
  }
  const begun = Effect.gen(function* () {
    const [, user] = yield* stream(create("go"))
    return (JSON.parse(user!) as { item: { id: string } }).item.id
  })
  const fresh: ResponseEventInput = { type: "thread.item.done", item: message("new", "new answer") }

  it.effect("replaces the answer", () =>
    Effect.gen(function* () {
      yield* stream(retry(yield* begun))
      assert.deepStrictEqual(yield* texts, ["user", "new answer"])
    }).pipe(Effect.provide(chatKit(answers(() => events(fresh)))))
  )

  it.effect("that fails before it has an answer loses nothing", () =>
    Effect.gen(function* () {
      yield* stream(retry(yield* begun))
      assert.deepStrictEqual(yield* texts, ["user", "old answer"])
    }).pipe(Effect.provide(chatKit(answers(() => Stream.fail("no")))))
  )

  it.effect("that is stopped before it has an answer loses nothing, and leaves the note", () =>
    Effect.gen(function* () {
      yield* streamUntil(1, retry(yield* begun))
      assert.deepStrictEqual(yield* texts, ["user", "old answer", "sdk_hidden_context"])
    }).pipe(Effect.provide(chatKit(answers(() => Stream.never))))
  )

  it.effect("sees the thread as it was, until its own answer begins", () => {
    const seen: Array<ReadonlyArray<string>> = []
    const look = (turn: Turn) =>
      Stream.fromEffectDrain(
        Effect.map(turn.history(), ({ data }) => void seen.push(data.map(({ type }) => type)))
      )
    return Effect.gen(function* () {
      yield* stream(retry(yield* begun))
      assert.deepStrictEqual(seen, [["user_message"], ["assistant_message", "user_message"]])
    }).pipe(
      Effect.provide(
        chatKit(
          answers((turn) =>
            look(turn).pipe(Stream.concat(events(fresh)), Stream.concat(look(turn)))
          )
        )
      )
    )
  })

  it.effect("keeps the old answer when the new one cannot be stored", () =>
    Effect.gen(function* () {
      const id = yield* begun
      const told = yield* stream(retry(id))
      assert.include(told.at(-1), "error")
      assert.deepStrictEqual(yield* texts, ["user", "old answer"])
    }).pipe(
      Effect.provide(
        chatKit(
          answers(() => events(fresh)),
          storesWith((store) => ({
            commit: (user, thread, changes, turn) =>
              changes.some(({ type }) => type === "delete_items_after")
                ? Effect.fail(new DbUnavailable({ operation: "test" }))
                : store.commit(user, thread, changes, turn)
          }))
        )
      )
    )
  )
})

describe("a turn that loses its thread while it starts", () => {
  it.effect("F7: is refused as a conflict", () =>
    Effect.gen(function* () {
      yield* stream(create("Hello"))
      const refused = yield* refusal(add(thr, "Again"))
      assert.deepInclude(refused, {
        _tag: "Conflict",
        reason: "This thread was taken by another turn, or deleted"
      })
    }).pipe(
      Effect.provide(
        chatKit(
          undefined,
          storesWith((store) => ({
            commit: (user, thread, changes, turn) =>
              changes.some(
                (change) => change.type === "put_item" && change.item.type === "user_message"
              )
                ? Effect.fail(new TurnLost())
                : store.commit(user, thread, changes, turn)
          }))
        )
      )
    )
  )
})

describe("a structured input", () => {
  for (const status of ["answered", "skipped"] as const) {
    it.effect(`that was ${status} takes no second answer, and is left as it is`, () =>
      Effect.gen(function* () {
        yield* stream(create("/structured"))
        const waiting = (yield* kept).find(({ type }) => type === "structured_input")!
        const answering = operation("threads.add_structured_input", {
          thread_id: thr,
          item_id: waiting.id,
          input: { status, answers: {} }
        })
        yield* stream(answering)
        const before = yield* kept
        assert.deepInclude(
          before.find(({ id }) => id === waiting.id),
          { status }
        )
        const refused = yield* refusal(answering)
        assert.deepInclude(refused, {
          _tag: "Conflict",
          reason: "This item is not a pending structured input"
        })
        assert.deepStrictEqual(yield* kept, before)
      }).pipe(Effect.provide(chatKit()))
    )
  }

  it.effect("is nothing else that waits for an answer", () =>
    Effect.gen(function* () {
      yield* stream(create("/tool t|{}"))
      const before = yield* kept
      for (const { id } of before) {
        const input = { answers: {} }
        const params = { thread_id: thr, item_id: id, input }
        const refused = yield* refusal(operation("threads.add_structured_input", params))
        assert.strictEqual(refused._tag, "Conflict")
      }
      assert.deepStrictEqual(yield* kept, before)
    }).pipe(Effect.provide(chatKit()))
  )
})

describe("a thread that is locked or closed", () => {
  it.effect("refuses every new turn with its reason, and stores nothing", () =>
    Effect.gen(function* () {
      yield* stream(create("/tool t|{}\n/structured\n/status locked|Under review"))
      const before = yield* kept
      const [user] = before
      const structured = before.find(({ type }) => type === "structured_input")!
      for (const request of [
        add(thr, "hello"),
        output(1),
        retry(user!.id),
        action("x"),
        operation("threads.add_structured_input", {
          thread_id: thr,
          item_id: structured.id,
          input: { answers: {} }
        })
      ]) {
        const refused = yield* refusal(request)
        assert(refused._tag === "ThreadNotActive")
        assert.strictEqual(refused.thread.id, thr)
        assert.deepStrictEqual(refused.thread.status, { type: "locked", reason: "Under review" })
      }
      assert.deepStrictEqual(yield* kept, before)
      assert.deepInclude(yield* document(get(thr)), {
        status: { type: "locked", reason: "Under review" }
      })
    }).pipe(Effect.provide(chatKit()))
  )
})

describe("items", () => {
  it.effect("have no more depth than a widget, and no less", () =>
    Effect.gen(function* () {
      let widget: Record<string, unknown> = { type: "Text", value: "deep" }
      for (let depth = 0; depth < 500; depth++) widget = { type: "Box", children: [widget] }
      const deep = item({ id: "w", type: "widget", widget: { type: "Card", children: [widget] } })
      const read = yield* Schema.decodeEffect(ThreadItem)(deep)
      assert.deepStrictEqual(read, deep)
    })
  )
})
