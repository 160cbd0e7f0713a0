import { Effect } from "effect"
import type { ResponseEventInput } from "../../../protocol/Events.ts"
import type { AssistantMessageContent, ItemBase } from "../../../protocol/Items.ts"
import type { Annotation } from "../../../protocol/Sources.ts"
import { itemUpdated } from "../../ItemEvents.ts"
import type { Turn } from "../../Turn.ts"

type Events = ReadonlyArray<ResponseEventInput>

/** A text of the model as one assistant message, which grows. */
export interface GrowingText {
  readonly id: string
  readonly itemId: string
  readonly begin: Events
  readonly append: (delta: string) => Events
  readonly annotate: (annotation: Annotation) => Events
  readonly finish: () => Events
  readonly text: () => string
}

/** The id of the item is always the server's own: models repeat theirs. */
export const growingText = (turn: Turn, id: string): Effect.Effect<GrowingText> =>
  Effect.map(turn.newItem("message"), (base) => {
    let text = ""
    const annotations: Array<Annotation> = []
    const part = (): AssistantMessageContent => ({
      annotations: annotations.slice(),
      text,
      type: "output_text"
    })
    const content = (type: "added" | "done") =>
      itemUpdated(base.id, {
        type: `assistant_message.content_part.${type}`,
        content_index: 0,
        content: part()
      })
    return {
      id,
      itemId: base.id,
      begin: [{ type: "thread.item.added", item: message(base) }, content("added")],
      append: (delta) => {
        text += delta
        return [
          itemUpdated(base.id, {
            type: "assistant_message.content_part.text_delta",
            content_index: 0,
            delta
          })
        ]
      },
      annotate: (annotation) => {
        const annotation_index = annotations.push(annotation) - 1
        return [
          itemUpdated(base.id, {
            type: "assistant_message.content_part.annotation_added",
            content_index: 0,
            annotation_index,
            annotation
          })
        ]
      },
      finish: () => [content("done"), { type: "thread.item.done", item: message(base, part()) }],
      text: () => text
    }
  })

const message = (base: ItemBase, ...content: ReadonlyArray<AssistantMessageContent>) => ({
  ...base,
  type: "assistant_message" as const,
  content
})
