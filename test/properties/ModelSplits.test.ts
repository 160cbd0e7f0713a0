import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { create } from "../support/ChatKitService.ts"
import { answeringFrom, idOf, seen } from "../support/ModelAnswers.ts"
import { chat, pieces, responses, sseBytes } from "../support/ModelServer.ts"

const answers = {
  chat: sseBytes(
    chat.delta({ reasoning_content: "Hm… 🤔" }),
    chat.delta({ content: "Grüße, " }),
    ...chat.text("Wörter 🎉", " und mehr")
  ),
  responses: sseBytes(
    responses.thought("Hm… 🤔"),
    responses.thoughtDone(),
    responses.delta("Grüße 🎉"),
    responses.citation({
      type: "url_citation",
      url: "https://ä.example/",
      title: "Ä",
      end_index: 5
    }),
    responses.textDone(),
    responses.completed()
  )
}

/** The bytes cut at these places. */
const cut = (bytes: Buffer, places: ReadonlyArray<number>) => {
  const ends = [...new Set(places.map((place) => place % bytes.length))].sort((a, b) => a - b)
  return [...ends, bytes.length].map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end))
}

/** Without what is new in every answer. */
const lasting = (item: Record<string, unknown>) => {
  const { created_at: _, id: __, thread_id: ___, ...rest } = item
  return rest
}

const outcome = Effect.fnUntraced(function* (
  wire: keyof typeof answers,
  places: ReadonlyArray<number>
) {
  const { items, send } = yield* answeringFrom(
    { MODEL_API: wire },
    pieces(...cut(answers[wire], places).filter(({ length }) => length > 0))
  )
  const events = yield* send(create("Hi"))
  return { seen: seen(events), items: (yield* items(idOf(events))).map(lasting) }
}, Effect.scoped)

const Places = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 5000 })))

describe("the answer of a model, split into any pieces", () => {
  for (const wire of ["chat", "responses"] as const) {
    it.live.prop(
      `gives the same events and the same thread by the wire ${wire}`,
      [Places],
      ([places]) =>
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* outcome(wire, places), yield* outcome(wire, []))
        }),
      { arbitrary: { runs: 15, maxShrinks: 30 } }
    )
  }
})
