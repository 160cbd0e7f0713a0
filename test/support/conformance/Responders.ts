import { Effect, Stream } from "effect"
import type { ResponseEventInput } from "../../../src/protocol/Events.ts"
import type { IdKind } from "../../../src/core/Ids.ts"
import type { ItemBase, ThreadItem } from "../../../src/protocol/Items.ts"
import type * as Answer from "../../../src/responder/Answer.ts"
import type { MessageTurn, Turn } from "../../../src/responder/Turn.ts"

type Item = typeof ThreadItem.Encoded
type Rest = Item extends infer I ? (I extends Item ? Omit<I, keyof ItemBase> : never) : never

export const newItem = (turn: Turn, rest: Rest, kind: IdKind = "message") =>
  Effect.map(turn.newItem(kind), (base) => ({ ...base, ...rest }) as Item)

export const one = (event: ResponseEventInput): Answer.Answer => Stream.succeed(event)

/** An item that is there at once. */
export const done = (turn: Turn, rest: Rest, kind?: IdKind): Answer.Answer =>
  Stream.fromEffect(
    Effect.map(newItem(turn, rest, kind), (item) => ({ type: "thread.item.done" as const, item }))
  )

export const assistant = (text: string) => ({
  type: "assistant_message" as const,
  content: [{ annotations: [], text, type: "output_text" as const }]
})

/** A whole message at once. */
export const message = (turn: Turn, text: string): Answer.Answer => done(turn, assistant(text))

export const change = (turn: Turn, ...[update]: Parameters<Turn["updateThread"]>): Answer.Answer =>
  Stream.fromEffectDrain(turn.updateThread(update))

/** One after the other. */
export const inOrder = (...answers: ReadonlyArray<Answer.Answer>): Answer.Answer =>
  answers.reduce((before, next) => Stream.concat(before, next))

/** The text of the user's message; undefined when the turn goes on without a message. */
export const textOf = ({ message }: MessageTurn): string | undefined =>
  message?.content.map(({ text }) => text).join("")

/** Answers nothing, and notes what the responder finds in its history, the oldest first. */
export const intoHistory = (turn: Turn, seen: Array<unknown>): Answer.Answer =>
  Stream.fromEffectDrain(
    Effect.map(turn.history({ order: "asc" }), ({ data }) => seen.push(...data))
  )
