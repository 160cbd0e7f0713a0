import { Stream } from "effect"
import type { ResponseEventInput } from "../protocol/Events.ts"
import type { AssistantMessageContent, ItemBase } from "../protocol/Items.ts"
import type { ThreadItemUpdate } from "../protocol/ItemUpdates.ts"

export const itemUpdated = (item_id: string, update: ThreadItemUpdate): ResponseEventInput => ({
  type: "thread.item.updated",
  item_id,
  update
})

const part = (text: string): AssistantMessageContent => ({
  annotations: [],
  text,
  type: "output_text"
})

const message = (base: ItemBase, ...content: ReadonlyArray<AssistantMessageContent>) => ({
  ...base,
  type: "assistant_message" as const,
  content
})

/** Begins an assistant message with one empty part. */
export const messageBegun = (base: ItemBase) =>
  Stream.make<ReadonlyArray<ResponseEventInput>>(
    { type: "thread.item.added", item: message(base) },
    itemUpdated(base.id, {
      type: "assistant_message.content_part.added",
      content_index: 0,
      content: part("")
    })
  )

/** Appends text to the message. */
export const messageDelta = (base: ItemBase, delta: string) =>
  itemUpdated(base.id, {
    type: "assistant_message.content_part.text_delta",
    content_index: 0,
    delta
  })

/** Completes the message, whose whole text is `text`. */
export const messageDone = (base: ItemBase, text: string) =>
  Stream.make<ReadonlyArray<ResponseEventInput>>(
    itemUpdated(base.id, {
      type: "assistant_message.content_part.done",
      content_index: 0,
      content: part(text)
    }),
    { type: "thread.item.done", item: message(base, part(text)) }
  )
