import type { UserId } from "../core/User.ts"
import type { Attachment } from "../protocol/Attachments.ts"
import type { ThreadItem } from "../protocol/Items.ts"
import type { LinkMaker } from "./AttachmentLinks.ts"

export const hasAttachments = (item: ThreadItem): boolean =>
  item.type === "user_message" && item.attachments.length > 0

const mapAttachments = <A extends ThreadItem>(
  item: A,
  change: (attachment: Attachment) => Attachment
): A =>
  item.type === "user_message" && hasAttachments(item)
    ? { ...item, attachments: item.attachments.map(change) }
    : item

const withoutLink = (attachment: Attachment): Attachment => {
  const { upload_descriptor: _, ...rest } = attachment
  return rest.type === "image" ? { ...rest, preview_url: "" } : rest
}

/** The item as it is stored: links are made anew each time it is sent. */
export const withoutLinks = <A extends ThreadItem>(item: A): A => mapAttachments(item, withoutLink)

/** The item as it is sent to a client or a responder: with links that work. */
export const withFreshLinks =
  ({ refresh }: LinkMaker, userId: UserId) =>
  <A extends ThreadItem>(item: A): A =>
    mapAttachments(item, (attachment) => refresh(userId, attachment))
