import { Effect } from "effect"
import type { DbUnavailable } from "../core/Errors.ts"
import type { UserId } from "../core/User.ts"
import type { Attachment } from "../protocol/Attachments.ts"
import type { ThreadItem } from "../protocol/Items.ts"
import type { AttachmentLinks } from "./AttachmentLinks.ts"

/** The item as it is stored: links are made anew each time it is sent. */
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

/** The items with links that work, for a client or a responder. */
export const withLinks = <A extends ThreadItem>(
  links: AttachmentLinks["Service"],
  userId: UserId,
  items: ReadonlyArray<A>
): Effect.Effect<ReadonlyArray<A>, DbUnavailable> => {
  if (!items.some(hasAttachments)) return Effect.succeed(items)
  return Effect.map(links.maker, ({ refreshed }) =>
    items.map((item) =>
      item.type === "user_message"
        ? {
            ...item,
            attachments: item.attachments.map((attachment) => refreshed(userId, attachment))
          }
        : item
    )
  )
}
