import { Effect } from "effect"
import type { DbUnavailable } from "../core/Errors.ts"
import type { UserId } from "../core/User.ts"
import { AttachmentLinks } from "./AttachmentLinks.ts"
import type { Attachment } from "../protocol/Attachments.ts"
import type { ThreadItem } from "../protocol/Items.ts"

/** An item as it is stored: links are made anew each time it is shown. */
export const withoutLinks = <A extends ThreadItem>(item: A): A =>
  item.type === "user_message" && item.attachments.length > 0
    ? { ...item, attachments: item.attachments.map(withoutLink) }
    : item

const withoutLink = (attachment: Attachment): Attachment => {
  const { upload_descriptor: _, ...kept } = attachment
  return kept.type === "image" ? { ...kept, preview_url: "" } : kept
}

const hasAttachments = (item: ThreadItem) =>
  item.type === "user_message" && item.attachments.length > 0

/** Items as a client or a responder is to see them: with links that work. */
export const withLinks = Effect.fnUntraced(function* <A extends ThreadItem>(
  userId: UserId,
  items: ReadonlyArray<A>
): Effect.fn.Return<ReadonlyArray<A>, DbUnavailable, AttachmentLinks> {
  if (!items.some(hasAttachments)) return items
  const { refreshed } = yield* (yield* AttachmentLinks).maker
  return items.map((item) =>
    item.type === "user_message"
      ? {
          ...item,
          attachments: item.attachments.map((attachment) => refreshed(userId, attachment))
        }
      : item
  )
})
