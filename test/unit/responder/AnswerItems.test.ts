import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema, Stream } from "effect"
import { ResponseEvent } from "../../../src/protocol/Events.ts"
import { dynamicWidget } from "../../../src/protocol/widgets/AnyWidget.ts"
import * as Answer from "../../../src/responder/Answer.ts"
import { FileRefused } from "../../../src/responder/Errors.ts"
import { CustomStreamError } from "../../../src/responder/StreamErrors.ts"
import { itemOf, turnWith } from "../../support/ScriptedModel.ts"

const decode = Schema.decodeUnknownEffect(ResponseEvent)

/** The one event of an answer, as the recorder decodes it. */
const eventOf = <E>(answer: Stream.Stream<unknown, E>) =>
  Effect.flatMap(Stream.runCollect(answer), (events) => {
    assert.lengthOf(events, 1)
    return decode(events[0])
  })

describe("an answer of one item", () => {
  it.effect("is a hidden note, a task, or questions", () =>
    Effect.gen(function* () {
      const { turn } = turnWith()
      const base = { thread_id: "thr_1", created_at: "1970-01-01T00:00:00Z" }
      assert.deepStrictEqual<unknown>(yield* eventOf(Answer.hidden(turn, { seat: "12A" })), {
        type: "thread.item.done",
        item: { id: "msg_1", ...base, type: "hidden_context_item", content: { seat: "12A" } }
      })
      const task = { type: "custom", status_indicator: "complete", title: "Booked" } as const
      assert.deepStrictEqual<unknown>(yield* eventOf(Answer.task(turn, task)), {
        type: "thread.item.done",
        item: { id: "tsk_2", ...base, type: "task", task }
      })
      const inputs = [{ id: "why", question: "Why?", type: "freeform" }] as const
      assert.deepStrictEqual<unknown>(yield* eventOf(Answer.structuredInput(turn, inputs)), {
        type: "thread.item.done",
        item: { id: "msg_3", ...base, type: "structured_input", status: "pending", inputs }
      })
    })
  )

  it.effect("is another widget in the place of the one that was clicked, if there was one", () =>
    Effect.gen(function* () {
      const { turn } = turnWith()
      const [before, after] = ["Before", "After"].map((value) =>
        dynamicWidget({ type: "Basic", children: [{ type: "Text", value }] })
      )
      const sender = itemOf("widget", { widget: before!, copy_text: "Hi" })
      const click = { ...turn, action: { type: "click", payload: null } }
      assert.deepStrictEqual<unknown>(yield* eventOf(Answer.redraw({ ...click, sender }, after!)), {
        type: "thread.item.replaced",
        item: { ...sender, widget: after }
      })
      const nothing = Answer.redraw({ ...click, sender: undefined }, after!)
      assert.isEmpty(yield* Stream.runCollect(nothing))
    })
  )

  it.effect("is sent in order from inside a tool, and fails as the answer does", () =>
    Effect.gen(function* () {
      const { emitted, turn } = turnWith()
      const answer = Stream.concat(Answer.progress("a"), Answer.progress("b"))
      const failing = Stream.concat(answer, Stream.fail("no"))
      assert.strictEqual(yield* Effect.flip(Answer.emit(turn, failing)), "no")
      assert.deepStrictEqual<unknown>(emitted, [
        { type: "progress_update", text: "a" },
        { type: "progress_update", text: "b" }
      ])
    })
  )

  it.effect("is a picture, kept as a file of the user", () =>
    Effect.gen(function* () {
      const { kept, turn } = turnWith()
      const bytes = new Uint8Array([1])
      const event = yield* eventOf(Answer.image(turn, { bytes, mime_type: "image/webp" }))
      assert.include(JSON.stringify(event), `"image":{"id":"atc_1"`)
      assert.deepStrictEqual(kept, [{ name: "image.webp", bytes }])
    })
  )

  it.effect("D2: is no picture where there is no room for it, and says what to do", () =>
    Effect.gen(function* () {
      const full = new FileRefused({ reason: "no_room" })
      const turn = { ...turnWith().turn, attach: () => full }
      const file = { bytes: new Uint8Array([1]), mime_type: "image/png" }
      const error = yield* Effect.flip(Stream.runDrain(Answer.image(turn, file)))
      assert(error._tag === "CustomStreamError")
      assert.strictEqual(
        error.message,
        "The picture cannot be kept here. Delete files, or threads with files, first."
      )
    })
  )

  it.effect("is no picture that is empty, or of another type", () =>
    Effect.gen(function* () {
      const { turn } = turnWith()
      for (const file of [
        { bytes: new Uint8Array(), mime_type: "image/png" },
        { bytes: new Uint8Array([1]), mime_type: "text/plain" }
      ]) {
        const error = yield* Effect.flip(Stream.runDrain(Answer.image(turn, file)))
        assert.instanceOf(error, CustomStreamError)
      }
    })
  )
})

describe("an answer beside the thread", () => {
  it.effect("is an effect of the page, progress, or a notice", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual<unknown>(yield* eventOf(Answer.effect("seat", { id: 1 })), {
        type: "client_effect",
        name: "seat",
        data: { id: 1 }
      })
      assert.deepStrictEqual<unknown>(yield* eventOf(Answer.progress("Looking", "search")), {
        type: "progress_update",
        icon: "search",
        text: "Looking"
      })
      assert.deepStrictEqual<unknown>(yield* eventOf(Answer.notice("warning", "Late", "Flight")), {
        type: "notice",
        level: "warning",
        message: "Late",
        title: "Flight"
      })
    })
  )

  it.effect("names the thread, and sends nothing itself", () =>
    Effect.gen(function* () {
      const { metadata, turn } = turnWith()
      assert.deepStrictEqual(yield* Stream.runCollect(Answer.title(turn, "Lost bag")), [])
      assert.strictEqual(metadata().title, "Lost bag")
    })
  )
})
