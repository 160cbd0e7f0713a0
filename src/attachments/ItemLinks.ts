import { prefixes } from "../core/Ids.ts"
import type { UserId } from "../core/User.ts"
import type { Attachment } from "../protocol/Attachments.ts"
import type { GeneratedImageItem, ThreadItem } from "../protocol/Items.ts"
import type { LinkMaker } from "./AttachmentLinks.ts"

type ImageOfAttachment = GeneratedImageItem & { readonly image: { readonly id: string } }

/** Whether the picture is an attachment: its id says so, and its link has to be made anew. */
const isAttachment = (item: ThreadItem): item is ImageOfAttachment =>
  item.type === "generated_image" && item.image?.id.startsWith(`${prefixes.attachment}_`) === true

export const hasAttachments = (item: ThreadItem): boolean =>
  (item.type === "user_message" && item.attachments.length > 0) || isAttachment(item)

/** The attachments that an item of an answer brings into its thread. */
export const attachedBy = (item: ThreadItem): ReadonlyArray<string> =>
  isAttachment(item) ? [item.image.id] : []

const mapAttachments = <A extends ThreadItem>(
  item: A,
  change: (attachment: Attachment) => Attachment
): A => {
  if (item.type === "user_message" && hasAttachments(item)) {
    return { ...item, attachments: item.attachments.map(change) }
  }
  if (!isAttachment(item)) return item
  const { id } = item.image
  const linked = change({ id, name: "", mime_type: "", type: "image", preview_url: "" })
  return { ...item, image: { id, url: linked.type === "image" ? linked.preview_url : "" } }
}

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
