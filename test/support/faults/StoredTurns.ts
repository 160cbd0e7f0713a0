import { assert } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import { Playground } from "../../../src/responder/playground/Playground.ts"
import type * as Answer from "../../../src/responder/Answer.ts"
import { Responder } from "../../../src/responder/Responder.ts"
import type { MessageTurn } from "../../../src/responder/Turn.ts"
import { TestDatabase } from "../Database.ts"
import { eventually } from "../Eventually.ts"

/** The note in a responder's history where an answer was stopped. */
export const cancelNote = "The user cancelled the stream. Stop responding to the prior request."

interface Stored {
  readonly id: string
  readonly thread_id: string
  readonly type: string
  readonly content?: string | ReadonlyArray<{ readonly text: string }>
}

/** The text of an item. */
const textOf = ({ content }: Stored) =>
  content === undefined || typeof content === "string"
    ? (content ?? "")
    : content.map(({ text }) => text).join("")

/** Every item that is stored in a thread, hidden ones too, in order: its type and its text. */
export const stored = Effect.fnUntraced(function* (threadId: string) {
  const { exec } = yield* TestDatabase
  const rows = yield* exec(
    `select data from chatkit.items where thread_id = '${threadId}' order by position`
  )
  const items = rows.map(({ data }) => data as Stored)
  for (const { id, thread_id, type } of items) {
    assert.strictEqual(thread_id, threadId)
    if (type === "sdk_hidden_context") assert.match(id, /^shcx_[0-9a-f]{32}$/)
  }
  assert.strictEqual(new Set(items.map(({ id }) => id)).size, items.length)
  return items.map((item) => [item.type, textOf(item)] as const)
})

export const user = (text: string) => ["user_message", text] as const
export const assistant = (text: string) => ["assistant_message", text] as const
export const note = ["sdk_hidden_context", cancelNote] as const

/** Returns when no turn holds any thread; a turn ends after all that it stores. */
export const released = Effect.gen(function* () {
  const { exec } = yield* TestDatabase
  yield* eventually(
    exec("select id from chatkit.threads where turn is not null"),
    (rows) => rows.length === 0
  )
})

export const threadIds = Effect.gen(function* () {
  const { exec } = yield* TestDatabase
  const rows = yield* exec("select id from chatkit.threads order by position")
  return rows.map(({ id }) => String(id))
})

/**
 * Answers to the messages that have a name here, and the playground's to all others; counts those
 * that have begun and those that have not ended yet.
 */
export const scripted = (
  script: Readonly<Record<string, (turn: MessageTurn) => Answer.Answer>> = {}
) => {
  let begun = 0
  let open = 0
  const layer = Layer.effect(
    Responder,
    Effect.map(Responder, (playground) => ({
      ...playground,
      respond: (turn: MessageTurn) => {
        const [part] = turn.message?.content ?? []
        const answer = script[part?.text ?? ""] ?? playground.respond
        return Stream.suspend(() => {
          begun += 1
          open += 1
          return Stream.ensuring(
            answer(turn),
            Effect.sync(() => {
              open -= 1
            })
          )
        })
      }
    }))
  ).pipe(Layer.provide(Playground))
  return { layer, begun: () => begun, open: () => open }
}
