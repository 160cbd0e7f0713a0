import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { eventsOf } from "../Client.ts"
import { heard } from "./Commands.ts"
import {
  Answering,
  type Conversation,
  idsIn,
  type Item,
  itemOf,
  toldBy,
  type Wire
} from "./ConversationModel.ts"
import { madeUp, PropertyServer } from "./PropertyServer.ts"

type Event = Record<string, unknown>

export const refused = Effect.fnUntraced(function* (type: string, params: object, status: number) {
  const answer = yield* (yield* PropertyServer).ask("ada", { type, params })
  assert.strictEqual(answer.status, status, `${type}: ${answer.body}`)
})

export const document = Effect.fnUntraced(function* (type: string, params: object) {
  const answer = yield* (yield* PropertyServer).ask("ada", { type, params })
  assert.strictEqual(answer.status, 200, `${type}: ${answer.body}`)
  return JSON.parse(answer.body) as Record<string, unknown>
})

/** The events before the responder was asked, and after. */
export const stream = Effect.fnUntraced(function* (type: string, params: object) {
  const answer = yield* (yield* PropertyServer).askUntil("ada", { type, params }, heard)
  assert.strictEqual(answer.status, 200, `${type}: ${answer.body}`)
  const events = eventsOf(answer)
  const begin = events.findIndex(({ type }) => type === "stream_options")
  assert.isAtLeast(begin, 0, answer.body)
  return { opening: events.slice(0, begin), events: events.slice(begin + 1) }
})

/** A request that is refused, and only when the turn before it is over. */
const settled = Effect.fnUntraced(function* (thread_id: string) {
  const params = { thread_id, item_id: madeUp("msg") }
  const { status } = yield* (yield* PropertyServer).ask("ada", {
    type: "threads.retry_after_item",
    params
  })
  assert.include([404, 409], status)
})

/** The stream told what the answer has to tell, and the thread has become what it has to. */
export const answered = Effect.fnUntraced(function* (
  thread: Conversation,
  events: ReadonlyArray<Event>,
  run: (answering: Answering) => void,
  upTo?: string
) {
  const answering = new Answering(thread, idsIn(events), upTo)
  run(answering)
  assert.deepStrictEqual(toldBy(events), answering.told, JSON.stringify(answering.told))
  yield* settled(thread.id)
})

export const inputOf = (text: string) => ({
  content: [{ type: "input_text", text }],
  attachments: [],
  inference_options: {}
})

/** The user's message, which comes back before anything is answered. */
export const messageIn = (opening: ReadonlyArray<Event>, text: string): Item => {
  const message = itemOf(opening.at(-1)?.["item"] as Wire)
  assert.deepStrictEqual([message.type, message.text], ["user_message", text])
  return message
}
