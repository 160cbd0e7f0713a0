import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Response } from "effect/ai"
import { CustomStreamError } from "../../../../../src/responder/StreamErrors.ts"
import {
  type EventConverter,
  type Part,
  partsToEvents
} from "../../../../../src/responder/model/events/PartsToEvents.ts"
import { turnWith } from "../../../../support/ScriptedModel.ts"

const textStart = (id: string) => Response.makePart("text-start", { id })
const textDelta = (id: string, delta: string) => Response.makePart("text-delta", { id, delta })
const textEnd = (id: string) => Response.makePart("text-end", { id })

const source = (href: string, chatkit: Record<string, string | number | null>) =>
  Response.makePart("source", {
    sourceType: "url",
    id: "s",
    url: new URL(href),
    title: "A page",
    metadata: { chatkit }
  } as never) as Part

const document = (fileName: string | undefined) =>
  Response.makePart("source", {
    sourceType: "document",
    id: "s",
    mediaType: "text/plain",
    title: "",
    ...(fileName === undefined ? {} : { fileName }),
    metadata: { chatkit: { textId: "t", index: 3 } }
  } as never) as Part

const picture = (bytes: ReadonlyArray<number>, chatkit: Record<string, string | number | null>) =>
  Response.makePart("file", {
    mediaType: "image/png",
    data: new Uint8Array(bytes),
    metadata: { chatkit }
  })

const convert = (parts: ReadonlyArray<Part>, own: Partial<EventConverter> = {}) => {
  const { kept, turn } = turnWith()
  const converter = partsToEvents(turn, undefined, own)
  return Effect.map(Effect.forEach(parts, converter.next), (events) => ({
    events: events.flat(),
    isEmpty: converter.isEmpty(),
    kept
  }))
}

/** The last event of a list, as JSON. */
const lastOf = (events: ReadonlyArray<unknown>) => JSON.stringify(events.at(-1))

describe("texts of a model as events", () => {
  it.effect("have an id of the server's own each, though the model repeats its ids", () =>
    Effect.gen(function* () {
      const one = [textStart("0"), textDelta("0", "Hi"), textEnd("0")]
      const { events } = yield* convert([...one, ...one])
      const ids = events.flatMap((event) =>
        event.type === "thread.item.done" ? [event.item.id] : []
      )
      assert.deepStrictEqual(ids, ["msg_1", "msg_2"])
    })
  )

  it.effect("have the sources that a client can show, numbered without a gap", () =>
    Effect.gen(function* () {
      const { events } = yield* convert([
        textStart("t"),
        textDelta("t", "So"),
        source("https://a.test/", { textId: "t", index: 2 }),
        document(undefined),
        source("https://b.test/", { textId: "another", index: 2 }),
        document("plan.txt"),
        source("https://c.test/", { textId: "t", index: null }),
        textEnd("t")
      ])
      const places = events.flatMap((event) =>
        event.type === "thread.item.updated" && "annotation_index" in event.update
          ? [event.update.annotation_index]
          : []
      )
      assert.deepStrictEqual(places, [0, 1, 2])
      const last = lastOf(events)
      for (const found of ["https://a.test/", "plan.txt", "https://c.test/", `"index":3`]) {
        assert.include(last, found)
      }
      assert.notInclude(last, "https://b.test/")
    })
  )

  it.effect("come from a method of one's own where there is one", () =>
    Effect.gen(function* () {
      const { events } = yield* convert([textStart("t"), textDelta("t", "So"), textEnd("t")], {
        textDelta: () => Effect.succeed([{ type: "progress_update", text: "…" }])
      })
      assert.include(JSON.stringify(events), "progress_update")
    })
  )
})

describe("pictures of a model as events", () => {
  it.effect("become clearer, and are kept once when they are done", () =>
    Effect.gen(function* () {
      const { events, kept } = yield* convert([
        picture([1], { callId: "c", partial: 0, of: 2 }),
        picture([2], { callId: "c", partial: 1, of: 2 }),
        picture([3], { callId: "c", partial: null, of: 2 })
      ])
      assert.deepStrictEqual(
        events.map(({ type }) => type),
        ["thread.item.added", "thread.item.updated", "thread.item.updated", "thread.item.done"]
      )
      assert.include(JSON.stringify(events[2]), `"progress":0.5`)
      assert.deepStrictEqual(kept, [{ name: "picture.png", bytes: new Uint8Array([3]) }])
      assert.include(lastOf(events), `"image":{"id":"atc_1","url":"https://files.test/atc_1"}`)
    })
  )

  it.effect("are of the type that their bytes have, whatever the server says", () =>
    Effect.gen(function* () {
      const jpeg = [0xff, 0xd8, 0xff, 0xe0]
      const { events, kept } = yield* convert([
        picture(jpeg, { callId: "c", partial: 0, of: 2 }),
        picture(jpeg, { callId: "c", partial: null, of: 2 })
      ])
      assert.include(JSON.stringify(events[1]), "data:image/jpeg;base64,")
      assert.strictEqual(kept[0]?.name, "picture.jpeg")
    })
  )

  it.effect("have no progress where nobody knows how many previews there are", () =>
    Effect.gen(function* () {
      const { events } = yield* convert([picture([1], { callId: "c", partial: 1, of: null })])
      assert.include(lastOf(events), `"progress":0`)
    })
  )

  it.effect("that cannot be kept end the answer in words", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(convert([picture([], { callId: "c", partial: null })]))
      assert.instanceOf(error, CustomStreamError)
    })
  )
})

describe("an answer that is still empty", () => {
  it.effect("has reasoning at most", () =>
    Effect.gen(function* () {
      const thought: ReadonlyArray<Part> = [
        Response.makePart("reasoning-start", { id: "r" }),
        Response.makePart("reasoning-delta", { id: "r", delta: "Hm" })
      ]
      assert.isTrue((yield* convert(thought)).isEmpty)
      assert.isFalse((yield* convert([...thought, textStart("t")])).isEmpty)
    })
  )
})
