import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Stream } from "effect"
import { AttachmentContent } from "../../../src/attachments/AttachmentContent.ts"
import type { Attachment } from "../../../src/protocol/Attachments.ts"
import type { ResponseEventInput } from "../../../src/protocol/Events.ts"
import type { ThreadItem } from "../../../src/protocol/Items.ts"
import { ThreadStore } from "../../../src/threads/ThreadStore.ts"
import { DbUnavailable } from "../../../src/core/Errors.ts"
import { UserId } from "../../../src/core/User.ts"
import { captureLogs } from "../../support/Doubles.ts"
import { toStream } from "../../../src/turns/TurnEvents.ts"
import { RunningTurn } from "../../../src/turns/TurnRunner.ts"
import { TurnStore } from "../../../src/turns/TurnStore.ts"
import { storesWith } from "../../support/StoresMemory.ts"
import {
  add,
  chatKit,
  create,
  document,
  get,
  items,
  list,
  operation,
  refusal,
  responding,
  saying,
  send,
  stream,
  typesOf
} from "../../support/ChatKitService.ts"

const thr = "thr_00000001"
const ada = UserId.make("ada")

/** The ids of everything a person has stored, but for hidden items. */
const stored = Effect.fnUntraced(function* (person: string) {
  const store = yield* ThreadStore
  const userId = UserId.make(person)
  const query = { limit: 100, order: "asc" as const, after: null, hidden: false }
  const { data } = yield* store.loadThreads(userId, query)
  const items = yield* Effect.forEach(data, ({ id }) => store.loadThreadItems(userId, id, query))
  return {
    threads: data.map(({ id }) => id),
    items: items.flatMap(({ data }) => data.map(({ id }) => id))
  }
})

const answered = [
  "thread.created",
  "thread.item.done",
  "stream_options",
  "thread.item.added",
  "thread.item.updated",
  "thread.item.updated",
  "thread.item.updated",
  "thread.item.updated",
  "thread.item.updated",
  "thread.item.done"
]

const assistant = (text: string) => ({
  id: "msg_answer",
  thread_id: thr,
  created_at: "2025-01-01T12:00:01Z",
  type: "assistant_message" as const,
  content: [{ annotations: [], text, type: "output_text" as const }]
})

const nothing = { threads: [], items: [] }

const down = Effect.fail(new DbUnavailable({ operation: "test" }))

const done = (text: string): ResponseEventInput => ({
  type: "thread.item.done",
  item: assistant(text)
})

const error = `{"type":"error","code":"stream.error","allow_retry":true}`

describe("ChatKit", () => {
  it.effect("answers another message in the same order, without a new thread", () =>
    Effect.gen(function* () {
      yield* stream(create("one two"))
      const events = yield* stream(add(thr, "hello wörld"))
      assert.deepEqual(typesOf(events), answered.slice(1))
      const { items, threads } = yield* stored("ada")
      assert.deepEqual(threads, [thr])
      assert.deepEqual(items, ["msg_00000001", "msg_00000002", "msg_00000003", "msg_00000004"])
    }).pipe(Effect.provide(chatKit()))
  )

  it.effect("takes a bare message for a new thread, or for the thread it names", () =>
    Effect.gen(function* () {
      const [created, mine] = yield* stream({ message: "Hello" })
      assert.include(created!, `"type":"thread.created"`)
      assert.include(mine!, `"content":[{"type":"input_text","text":"Hello"}],"attachments":[]`)
      assert.notInclude(mine!, "quoted_text")
      const [again] = yield* stream({ message: "Again", thread_id: thr })
      assert.include(again!, `"type":"thread.item.done"`)
      assert.deepEqual((yield* stored("ada")).threads, [thr])
      assert.lengthOf((yield* stored("ada")).items, 4)
    }).pipe(Effect.provide(chatKit()))
  )

  it.effect("hears words and tags, keeps what came with them, and repeats spaces as they are", () =>
    Effect.gen(function* () {
      const content = [
        { type: "input_text", text: " two  words\n" },
        { type: "input_tag", id: "t", text: "tag", data: { kept: null }, group: "g" }
      ]
      const inference_options = { model: "m", tool_choice: { id: "search" } }
      const events = yield* stream(create("", { content, inference_options }))
      const message = JSON.parse(events[1]!) as { readonly item: Record<string, unknown> }
      assert.deepEqual(message.item["content"], [content[0], { ...content[1], interactive: false }])
      assert.deepEqual(message.item["inference_options"], inference_options)
      const deltas = events.flatMap((event) => /"delta":(".*?")}/.exec(event)?.[1] ?? [])
      const spoken = deltas.map((delta) => JSON.parse(delta) as string)
      assert.strictEqual(spoken.join(""), "Echo:  two  words\n @tag")
      assert.include(events.at(-1)!, JSON.stringify(spoken.join("")))
    }).pipe(Effect.provide(chatKit()))
  )

  it.effect("has stored what an event says is done before it sends it", () =>
    Effect.gen(function* () {
      const reply = yield* send(create("Hello"))
      assert.deepEqual(yield* stored("ada"), { threads: [thr], items: ["msg_00000001"] })
      let seen = 0
      assert(reply instanceof RunningTurn)
      yield* Stream.runForEach(
        toStream(reply.events) as Stream.Stream<{ type: string; item?: ThreadItem }>,
        (event) =>
          Effect.gen(function* () {
            const { items } = yield* stored("ada")
            if (event.type === "thread.item.added") assert.notInclude(items, event.item!.id)
            if (event.type !== "thread.item.done") return
            seen += 1
            assert.include(items, event.item!.id)
          })
      )
      assert.strictEqual(seen, 2)
    }).pipe(Effect.provide(chatKit()))
  )

  it.effect("tells no event that something is done when it could not be stored", () =>
    Effect.gen(function* () {
      const events = yield* stream(create("hello wörld"))
      assert.deepEqual(typesOf(events), [...answered.slice(0, -1), "error"])
      assert.strictEqual(events.at(-1), error)
      assert.deepEqual((yield* stored("ada")).items, ["msg_00000001"])
    }).pipe(
      Effect.provide(
        chatKit(
          undefined,
          storesWith(() => ({ commit: () => down }))
        )
      )
    )
  )

  const secret = "a secret of the model"
  const breaks: ReadonlyArray<readonly [string, Stream.Stream<ResponseEventInput, string>]> = [
    ["fails", Stream.fail(secret)],
    ["dies", Stream.die(new Error(secret))],
    [
      "throws",
      Stream.suspend(() => {
        throw new Error(secret)
      })
    ]
  ]
  for (const [how, broken] of breaks) {
    it.effect(`ends a turn whose responder ${how} with one error event that says nothing`, () => {
      const lines: Array<string> = []
      const responder = saying(Stream.concat(Stream.make(done("first")), broken))
      return Effect.gen(function* () {
        const events = yield* stream(create("Hello"))
        assert.deepEqual(typesOf(events).slice(0, -1), [
          "thread.created",
          "thread.item.done",
          "stream_options",
          "thread.item.done"
        ])
        assert.strictEqual(events.at(-1), error)
        assert.deepEqual((yield* stored("ada")).items, ["msg_00000001", "msg_answer"])
        assert.lengthOf(
          lines.filter((line) => line.includes("turn failed") && line.includes("ERROR")),
          1
        )
      }).pipe(Effect.provide([chatKit(responder), captureLogs(lines)]))
    })
  }

  it.effect("stops the responder when the client disconnects, and keeps what was done", () =>
    Effect.gen(function* () {
      const stopped = yield* Deferred.make<void>()
      const listening = yield* Deferred.make<void>()
      const slow = Stream.concat(
        Stream.make(done("first")),
        Stream.fromEffect(
          Deferred.succeed(listening, undefined).pipe(
            Effect.andThen(Effect.never),
            Effect.onInterrupt(() => Deferred.succeed(stopped, undefined))
          )
        )
      )
      yield* Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(stream(create("Hello")))
        yield* Deferred.await(listening)
        yield* Fiber.interrupt(fiber)
        yield* Deferred.await(stopped)
        assert.deepEqual((yield* stored("ada")).items, ["msg_00000001", "msg_answer"])
      }).pipe(Effect.provide(chatKit(saying(slow))))
    })
  )

  it.effect("does not find another user's thread, and stores nothing then", () =>
    Effect.gen(function* () {
      yield* stream(create("Hello"), "grace")
      const before = yield* stored("grace")
      for (const id of ["thr_unknown", thr, "", "\u0000"]) {
        for (const body of [add(id, "Hi"), get(id), { message: "Hi", thread_id: id }]) {
          const failed = yield* refusal(body)
          assert.deepInclude(failed, { _tag: "NotFound", object: "Thread" })
        }
      }
      assert.strictEqual((yield* refusal(list({ after: thr })))._tag, "NotFound")
      assert.deepEqual(yield* stored("ada"), nothing)
      assert.deepEqual(yield* stored("grace"), before)
    }).pipe(Effect.provide(chatKit()))
  )

  it.effect("F9: stores no link with a message, whoever writes it", () =>
    Effect.gen(function* () {
      const attached = yield* Effect.forEach(["image/png", "text/plain"], (mime_type) =>
        document(operation("attachments.create", { name: "a", size: 1, mime_type }))
      )
      const attachments = attached.map((attachment) => {
        assert.include(JSON.stringify(attachment), "https://uploads.example.test/")
        return (attachment as Attachment).id
      })
      const [, sent] = yield* stream(create("Hi", { attachments }))
      assert.include(sent, "upload_descriptor")
      yield* stream(add(thr, "Again", { attachments }))
      const store = yield* ThreadStore
      const query = { limit: 100, order: "asc" as const, after: null, hidden: true }
      const { data } = yield* store.loadThreadItems(ada, thr, query)
      const kept = data.flatMap((item) => (item.type === "user_message" ? item.attachments : []))
      assert.lengthOf(kept, 8)
      assert.notMatch(JSON.stringify(data), /upload_descriptor|uploads\.example/)
    }).pipe(
      Effect.provide(
        chatKit(
          // A responder may send back what it was given, links included.
          responding(({ message }) =>
            message === undefined
              ? Stream.empty
              : Stream.succeed({
                  type: "thread.item.done",
                  item: { ...message, id: `${message.id}-again` }
                })
          )
        )
      )
    )
  )

  it.effect("E8: shows a deleted picture in its message as a file, without a link", () =>
    Effect.gen(function* () {
      const { write } = yield* AttachmentContent
      const params = { name: "a.png", size: 100, mime_type: "image/png" }
      const { id } = (yield* document(operation("attachments.create", params))) as Attachment
      yield* write(ada, id, Stream.make(new Uint8Array([1])))
      yield* stream(create("See", { attachments: [id] }))
      const shown = Effect.map(Effect.all([document(get(thr)), document(items(thr))]), (answers) =>
        answers.map((answer) => JSON.stringify(answer))
      )
      const picture = { id, name: "a.png", mime_type: "image/png", thread_id: thr }
      const preview_url = `https://uploads.example.test/${id}/preview`
      const linked = JSON.stringify({ ...picture, type: "image", preview_url })
      for (const answer of yield* shown) assert.include(answer, linked)
      yield* document(operation("attachments.delete", { attachment_id: id }))
      for (const answer of yield* shown) {
        assert.include(answer, `"attachments":[${JSON.stringify({ ...picture, type: "file" })}]`)
        assert.notInclude(answer, "uploads.example")
      }
    }).pipe(Effect.provide(chatKit()))
  )

  it.effect("does not find an unknown attachment, and stores nothing then", () =>
    Effect.gen(function* () {
      const failed = yield* refusal(create("Hi", { attachments: ["atc_1"] }))
      assert.deepInclude(failed, { _tag: "NotFound", object: "Attachment" })
      assert.deepEqual(yield* stored("ada"), nothing)
    }).pipe(Effect.provide(chatKit()))
  )

  it.effect("fails before the first event when the store is down", () =>
    Effect.gen(function* () {
      for (const body of [create("Hi"), add(thr, "Hi"), get(thr), list()]) {
        assert.strictEqual((yield* refusal(body))._tag, "DbUnavailable")
      }
    }).pipe(
      Effect.provide(
        chatKit(
          undefined,
          Layer.succeed(TurnStore, {
            begin: () => down,
            renew: () => down,
            end: () => down
          }).pipe(
            Layer.provideMerge(
              storesWith(() => ({
                createThread: () => down,
                loadThread: () => down,
                loadThreadWithItems: () => down,
                loadThreads: () => down
              }))
            )
          )
        )
      )
    )
  )

  it.effect("never shows the metadata of a thread", () =>
    Effect.gen(function* () {
      const store = yield* ThreadStore
      const kept = {
        id: "thr_kept",
        created_at: "2025-01-01T12:00:00Z",
        status: { type: "active" as const },
        metadata: { plan: "gold" },
        title: "Kept"
      }
      yield* store.createThread(ada, kept, [])
      for (const body of [list(), get(kept.id)]) {
        const text = JSON.stringify(yield* document(body))
        assert.include(text, `"metadata":{}`)
        assert.include(text, `"title":"Kept"`)
        assert.notInclude(text, "gold")
      }
    }).pipe(Effect.provide(chatKit()))
  )
})
