import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Stream } from "effect"
import { AttachmentStore } from "../../../src/attachments/AttachmentStore.ts"
import { UserId } from "../../../src/core/User.ts"
import type { ThreadStreamEvent } from "../../../src/protocol/Events.ts"
import type { Thread } from "../../../src/protocol/Threads.ts"
import * as Answer from "../../../src/responder/Answer.ts"
import type { Turn } from "../../../src/responder/Turn.ts"
import { ThreadStore } from "../../../src/threads/ThreadStore.ts"
import {
  chatKit,
  create,
  document,
  get,
  responding,
  stream,
  streamUntil
} from "../../support/ChatKitService.ts"
import { captureLogs } from "../../support/Doubles.ts"
import { attachment, roomy } from "../../support/ThreadFixtures.ts"

const png = new Uint8Array(Buffer.from("\x89PNG\r\n\x1a\n and more", "latin1"))
const picture = { name: "a.png", mime_type: "image/png", bytes: png }
const thr = "thr_00000001"

const parsed = (events: ReadonlyArray<string>) =>
  events.map((event) => JSON.parse(event) as ThreadStreamEvent)

/** The texts of an answer after its first three events: of progress, and of messages done. */
const told = (events: ReadonlyArray<string>) =>
  parsed(events).flatMap((event) => {
    if (event.type === "progress_update") return [`progress ${event.text}`]
    if (event.type === "error") return ["error"]
    return event.type === "thread.item.done" && event.item.type === "assistant_message"
      ? [event.item.content[0]?.text]
      : []
  })

const progress = (text: string) => ({ type: "progress_update" as const, text })

/** An answer that only does something. */
const doing = (work: (turn: Turn) => Effect.Effect<unknown, unknown>) =>
  responding((turn) => Stream.fromEffectDrain(work(turn)))

const allItems = (threadId = thr) =>
  Effect.gen(function* () {
    const { loadThreadItems } = yield* ThreadStore
    const query = { limit: 100, order: "asc" as const, after: null, hidden: true }
    return (yield* loadThreadItems(UserId.make("ada"), threadId, query)).data
  })

describe("emit", () => {
  it.effect("sends events between those that the answer yields, in order", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(told(yield* stream(create("Hi"))), [
        "one",
        "progress two",
        "progress three",
        "four"
      ])
    }).pipe(
      Effect.provide(
        chatKit(
          responding((turn) =>
            Answer.say(turn, "one").pipe(
              Stream.concat(Stream.fromEffectDrain(turn.emit(progress("two"), progress("three")))),
              Stream.concat(Answer.say(turn, "four"))
            )
          )
        )
      )
    )
  )

  it.effect("sends from a fiber beside the answer, and stores what it sends", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(told(yield* stream(create("Hi"))), ["from a tool", "the answer"])
      const types = (yield* allItems()).map(({ type }) => type)
      assert.deepStrictEqual(types, ["user_message", "assistant_message", "assistant_message"])
    }).pipe(
      Effect.provide(
        chatKit(
          responding((turn) =>
            Stream.unwrap(
              Effect.gen(function* () {
                const said = yield* Stream.runCollect(Answer.say(turn, "from a tool"))
                const tool = yield* Effect.forkChild(turn.emit(...said))
                yield* Fiber.join(tool)
                return Answer.say(turn, "the answer")
              })
            )
          )
        )
      )
    )
  )

  it.effect("waits for the client, so that a slow one holds up the tool", () => {
    let emitted = 0
    const endless = doing((turn) =>
      Effect.forever(Effect.tap(turn.emit(progress("more")), () => Effect.sync(() => emitted++)))
    )
    return Effect.gen(function* () {
      assert.strictEqual((yield* streamUntil(20, create("Hi"))).length, 20)
      assert.isAtMost(emitted, 20)
    }).pipe(Effect.provide(chatKit(endless)))
  })

  it.effect("ends the whole answer when its event violates the protocol", () => {
    const logs: Array<string> = []
    const wrong = { type: "thread.item.done", item: { type: "no such item" } } as never
    return Effect.gen(function* () {
      assert.deepStrictEqual(told(yield* stream(create("Hi"))), ["error"])
      assert.isTrue(logs.some((line) => line.includes("InvalidAnswer")))
    }).pipe(
      Effect.provide(
        chatKit(
          responding((turn) =>
            // Even when the tool hides the defect from the answer.
            Stream.fromEffectDrain(Effect.exit(turn.emit(wrong))).pipe(
              Stream.concat(Answer.say(turn, "as if nothing had happened"))
            )
          )
        ).pipe(Layer.provideMerge(captureLogs(logs)))
      )
    )
  })

  it.effect("ends the answer with an error although its wrong event was the last", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(told(yield* stream(create("Hi"))), ["error"])
    }).pipe(
      Effect.provide(
        chatKit(
          doing((turn) => Effect.exit(turn.emit({ type: "thread.item.done", item: {} } as never)))
        ).pipe(Layer.provideMerge(captureLogs([])))
      )
    )
  )

  it.effect("does nothing after the end of its turn", () => {
    const turns: Array<Turn> = []
    return Effect.gen(function* () {
      yield* stream(create("Hi"))
      const before = yield* allItems()
      yield* turns[0]!.emit(...(yield* Stream.runCollect(Answer.say(turns[0]!, "late"))))
      assert.deepStrictEqual(yield* allItems(), before)
    }).pipe(Effect.provide(chatKit(doing((turn) => Effect.sync(() => turns.push(turn))))))
  })
})

describe("a file that a responder keeps", () => {
  it.effect("is read back, by its own user only", () => {
    const read: Array<string> = []
    let id = ""
    const keeping = doing((turn) =>
      Effect.gen(function* () {
        if (id === "") id = (yield* turn.attach(picture)).id
        const bytes = yield* Effect.result(Stream.runCollect(turn.read(id)))
        read.push(
          bytes._tag === "Success"
            ? Buffer.concat(bytes.success).toString("latin1")
            : bytes.failure._tag
        )
      })
    )
    return Effect.gen(function* () {
      yield* stream(create("Hi"))
      yield* stream(create("Hi"), "grace")
      assert.deepStrictEqual(read, [Buffer.from(png).toString("latin1"), "NotFound"])
    }).pipe(Effect.provide(chatKit(keeping)))
  })

  it.effect("keeps a link that works in its picture, and none in the store", () => {
    const drawing = responding((turn) =>
      Stream.fromEffect(
        Effect.gen(function* () {
          const { id } = yield* turn.attach(picture)
          const base = yield* turn.newItem("message")
          const item = { ...base, type: "generated_image" as const, image: { id, url: "" } }
          return { type: "thread.item.done" as const, item }
        })
      )
    )
    return Effect.gen(function* () {
      const image = {
        id: "atc_00000001",
        url: "https://uploads.example.test/atc_00000001/preview"
      }
      const done = parsed(yield* stream(create("Draw"))).at(-1)
      assert.deepInclude(done?.type === "thread.item.done" ? done.item : {}, { image })
      const thread = (yield* document(get(thr))) as Thread
      assert.deepInclude(thread.items.data.at(-1), { image })
      assert.deepInclude((yield* allItems()).at(-1), { image: { id: image.id, url: "" } })
    }).pipe(Effect.provide(chatKit(drawing)))
  })

  it.effect("D2: is refused with the reason, and where there is no room for it", () => {
    const reasons: Array<string> = []
    const files = [
      { bytes: new Uint8Array() },
      { bytes: new Uint8Array(Buffer.from("%PDF-1.7 no png")) },
      { name: "x".repeat(256) },
      {}
    ]
    const trying = doing((turn) =>
      Effect.forEach(files, (file) =>
        turn
          .attach({ ...picture, ...file })
          .pipe(
            Effect.catchTag("FileRefused", ({ reason }) =>
              Effect.sync(() => void reasons.push(reason))
            )
          )
      )
    )
    return Effect.gen(function* () {
      const { save } = yield* AttachmentStore
      yield* save(UserId.make("ada"), attachment("atc_large", { size: 2 ** 30 - 16 }), roomy)
      yield* stream(create("Hi"))
      assert.deepStrictEqual(reasons, ["empty", "wrong_type", "long_name", "no_room"])
    }).pipe(Effect.provide(chatKit(trying)))
  })
})
