import { Effect, Stream } from "effect"
import type { ResponseEventInput } from "../../protocol/Events.ts"
import type { AssistantMessageItem } from "../../protocol/Items.ts"
import type { Turn } from "../Turn.ts"
import { type Directives, one } from "./Directive.ts"

const newestAnswer = (turn: Turn) =>
  Effect.map(turn.history({ limit: 100 }), ({ data }) =>
    data.find((item): item is AssistantMessageItem => item.type === "assistant_message")
  )

const onNewestAnswer = (turn: Turn, change: (item: AssistantMessageItem) => ResponseEventInput) =>
  Stream.unwrap(
    Effect.map(newestAnswer(turn), (item) =>
      item === undefined ? Stream.empty : one(change(item))
    )
  )

/** Changes the newest message of the assistant; without one, nothing happens. */
export const historyDirectives: Directives = {
  remove: {
    usage: "",
    run: (turn) => onNewestAnswer(turn, ({ id }) => ({ type: "thread.item.removed", item_id: id }))
  },
  replace: {
    usage: "TEXT",
    run: (turn, text) =>
      onNewestAnswer(turn, (item) => ({
        type: "thread.item.replaced",
        item: { ...item, content: [{ annotations: [], text, type: "output_text" }] }
      }))
  }
}
