import { assert, layer } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { type IdKind, prefixes } from "../../src/core/Ids.ts"
import { create, get, items, list, operation } from "../support/ChatKitService.ts"
import { attachment, roomy } from "../support/ThreadFixtures.ts"
import { assistant as answer, change, inOrder, message } from "../support/conformance/Responders.ts"
import * as expected from "../support/conformance/Expected.ts"
import { assistant, noCursor, notFound, user } from "../support/conformance/Expected.ts"
import { ConformanceServer, newClient } from "../support/conformance/ConformanceServer.ts"

// Generators of one's own belong to the reference's store class: here ids are a service, `Ids`.

const rename = (thread_id: string, title: string) =>
  operation("threads.update", { thread_id, title })

/** Somebody with a thread of a message and three answers. */
const talking = Effect.fnUntraced(function* () {
  const me = yield* newClient({
    respond: (turn) => inOrder(message(turn, "A"), message(turn, "B"), message(turn, "C"))
  })
  yield* me.stream(create("Hi"))
  const said = [
    user("msg_1", "Hi"),
    assistant("msg_2", "A"),
    assistant("msg_3", "B"),
    assistant("msg_4", "C")
  ]
  return { me, said }
})

const withThreads = Effect.fnUntraced(function* (count: number) {
  const me = yield* newClient()
  for (let n = 0; n < count; n++) yield* me.stream(create("Hi"))
  return me
})

layer(ConformanceServer.scripted, { excludeTestServices: true })(
  "a store of the reference's",
  (it) => {
    it.effect("save and load thread", () =>
      Effect.gen(function* () {
        const me = yield* newClient({
          respond: (turn) =>
            change(turn, (thread) => ({
              ...thread,
              title: "Ünïcödé 🙂",
              metadata: { test: "test", nested: { list: [1, null] } }
            }))
        })
        yield* me.stream(create("Hi"))
        assert.deepStrictEqual(yield* me.storedThread("thr_1"), {
          id: "thr_1",
          created_at: "T",
          title: "Ünïcödé 🙂",
          status: { type: "active" },
          metadata: { test: "test", nested: { list: [1, null] } }
        })
      })
    )

    it.effect("null title", () =>
      Effect.gen(function* () {
        const me = yield* withThreads(1)
        assert.notProperty(yield* me.storedThread("thr_1"), "title")
        yield* me.document(rename("thr_1", "Named"))
        yield* me.store.updateThread(me.userId, me.unnamed("thr_1"), { title: null })
        assert.notProperty(yield* me.storedThread("thr_1"), "title")
        const items = expected.page(user("msg_1", "Hi"))
        assert.strictEqual(
          yield* me.document(get("thr_1")),
          JSON.stringify(expected.thread({ items }))
        )
      })
    )

    it.effect("update, and overwrite", () =>
      Effect.gen(function* () {
        const me = yield* withThreads(1)
        yield* me.document(rename("thr_1", "First"))
        const again = yield* me.document(rename("thr_1", "Second"))
        assert.strictEqual(again, JSON.stringify(expected.thread({ title: "Second" })))
        const page = expected.page(expected.thread({ title: "Second" }))
        assert.strictEqual(yield* me.document(list()), JSON.stringify(page))
      })
    )

    it.effect("items round-trip in order", () =>
      Effect.gen(function* () {
        const { me, said } = yield* talking()
        assert.deepStrictEqual(yield* me.stored("thr_1"), said)
        assert.deepStrictEqual(yield* me.reload("thr_1"), expected.page(...said))
      })
    )

    it.effect("file and image attachment round-trip (metadata kept)", () =>
      Effect.gen(function* () {
        const me = yield* newClient()
        const metadata = { source: "test", nested: { page: [null] } }
        const file = attachment(`${me.userId}-file`, { metadata })
        const image = attachment(`${me.userId}-image`, { mime_type: "image/png", metadata })
        yield* me.attachments.save(me.userId, file, roomy)
        yield* me.attachments.save(me.userId, image, roomy)
        const load = me.attachments.load(me.userId, [file.id, image.id])
        assert.deepStrictEqual(yield* load, [file, image])
        const body = yield* me.stream(create("See", { attachments: [file.id, image.id] }))
        assert.include(body, `"name":"plan.pdf","mime_type":"image/png"`)
        assert.notInclude(body, "source")
        const thread_id = me.unnamed("thr_1")
        assert.deepStrictEqual(yield* load, [
          { ...file, thread_id },
          { ...image, thread_id }
        ])
      })
    )

    it.effect("threads page asc 2 + 1 with has_more and after", () =>
      Effect.gen(function* () {
        const me = yield* withThreads(3)
        const threads = (...ids: ReadonlyArray<string>) => ids.map((id) => expected.thread({ id }))
        assert.strictEqual(
          yield* me.document(list({ limit: 2, order: "asc" })),
          JSON.stringify({ data: threads("thr_1", "thr_2"), has_more: true, after: "thr_2" })
        )
        assert.strictEqual(
          yield* me.document(list({ limit: 2, order: "asc", after: "thr_2" })),
          JSON.stringify({ data: threads("thr_3"), has_more: false })
        )
      })
    )

    it.effect("items asc/desc", () =>
      Effect.gen(function* () {
        const { me, said } = yield* talking()
        for (const [order, sorted] of [
          ["asc", said],
          ["desc", said.toReversed()]
        ] as const) {
          assert.strictEqual(
            yield* me.document(items("thr_1", { order })),
            JSON.stringify(expected.page(...sorted))
          )
        }
      })
    )

    it.effect("items after a cursor and limited", () =>
      Effect.gen(function* () {
        const { me, said } = yield* talking()
        assert.strictEqual(
          yield* me.document(items("thr_1", { order: "asc", after: "msg_1", limit: 2 })),
          JSON.stringify({ data: said.slice(1, 3), has_more: true, after: "msg_3" })
        )
        assert.strictEqual(
          yield* me.document(items("thr_1", { order: "desc", after: "msg_3", limit: 2 })),
          JSON.stringify(expected.page(...said.slice(0, 2).toReversed()))
        )
        assert.deepStrictEqual(yield* me.refusal(items("thr_1", { after: "msg_99" })), noCursor)
      })
    )

    it.effect("save_item updates by id", () =>
      Effect.gen(function* () {
        const { me, said } = yield* talking()
        const change = assistant("msg_2", "A, but better")
        yield* me.store.commit(me.userId, me.unnamed("thr_1"), [
          { type: "put_item", item: { ...me.unnamed(change), ...answer("A, but better") } }
        ])
        assert.deepStrictEqual(
          yield* me.reload("thr_1"),
          expected.page(said[0]!, change, said[2]!, said[3]!)
        )
      })
    )

    it.effect("unknown item → not found", () =>
      Effect.gen(function* () {
        const me = yield* withThreads(1)
        const params = { thread_id: "thr_1", item_id: "msg_99" }
        assert.deepStrictEqual(
          yield* me.refusal(operation("threads.retry_after_item", params)),
          notFound("Item")
        )
      })
    )

    it.effect("foreign thread → not found", () =>
      Effect.gen(function* () {
        const { me, said } = yield* talking()
        const other = yield* newClient()
        const thread_id = me.unnamed("thr_1")
        assert.deepStrictEqual(yield* other.refusal(get(thread_id)), notFound("Thread"))
        assert.deepStrictEqual(yield* other.refusal(rename(thread_id, "Mine")), notFound("Thread"))
        yield* other.document(operation("threads.delete", { thread_id }))
        assert.strictEqual(yield* other.document(list()), JSON.stringify(expected.page()))
        assert.deepStrictEqual(yield* me.reload("thr_1"), expected.page(...said))
      })
    )

    it.effect("foreign items → empty page, foreign item → not found", () =>
      Effect.gen(function* () {
        const { me } = yield* talking()
        const other = yield* withThreads(1)
        const [thread_id, item_id] = [me.unnamed("thr_1"), me.unnamed("msg_2")]
        assert.strictEqual(yield* other.document(items(thread_id)), JSON.stringify(expected.page()))
        for (const thread of [thread_id, "thr_1"]) {
          const params = { thread_id: thread, item_id, action: { type: "go" } }
          assert.deepStrictEqual(
            yield* other.refusal(operation("threads.custom_action", params)),
            notFound(thread === thread_id ? "Thread" : "Item")
          )
        }
      })
    )

    it.effect("default id prefixes", () =>
      Effect.gen(function* () {
        const made: Array<string> = []
        const kinds = Object.keys(prefixes) as ReadonlyArray<IdKind>
        const me = yield* newClient({
          respond: (turn) =>
            Stream.fromEffectDrain(
              Effect.forEach(kinds, (kind) =>
                Effect.map(turn.newItem(kind), ({ id }) => made.push(id))
              )
            )
        })
        yield* me.stream(create("Hi"))
        const known = ["msg", "tc", "wf", "tsk", "shcx", "thr", "atc"]
        assert.deepStrictEqual(
          made.map((id) => id.replace(/_[0-9a-f]{32}$/, "")),
          known
        )
      })
    )
  }
)
