import { prefixes } from "../core/Ids.ts"
import type { UserId } from "../core/User.ts"
import type { Attachment } from "../protocol/Attachments.ts"
import type { GeneratedImageItem, ThreadItem } from "../protocol/Items.ts"
import type { LinkMaker } from "./AttachmentLinks.ts"

type ImageOfAttachment = GeneratedImageItem & { readonly image: { readonly id: string } }

/** Whether the picture is an attachment: its id says so, and its link has to be made anew. */
const isAttachment = (item: ThreadItem): item is ImageOfAttachment =>
  item.type === "generated_image" && item.image?.id.startsWith(`${prefixes.attachment}_`) === true

/** The attachments that an item shows by links to their bytes. */
export const linkedBy = (item: ThreadItem): ReadonlyArray<string> =>
  item.type === "user_message"
    ? item.attachments.flatMap(({ id, type }) => (type === "image" ? [id] : []))
    : attachedBy(item)

/** The attachments that an item of an answer brings into its thread. */
export const attachedBy = (item: ThreadItem): ReadonlyArray<string> =>
  isAttachment(item) ? [item.image.id] : []

const mapAttachments = <A extends ThreadItem>(
  item: A,
  change: (attachment: Attachment) => Attachment
): A => {
  if (item.type === "user_message" && item.attachments.length > 0) {
    return { ...item, attachments: item.attachments.map(change) }
  }
  if (!isAttachment(item)) return item
  const { image, ...rest } = item
  const { id } = image
  const linked = change({ id, name: "", mime_type: "", type: "image", preview_url: "" })
  return linked.type === "image"
    ? { ...item, image: { id, url: linked.preview_url } }
    : (rest as typeof item)
}

const withoutLink = (attachment: Attachment): Attachment => {
  const { upload_descriptor: _, ...rest } = attachment
  return rest.type === "image" ? { ...rest, preview_url: "" } : rest
}

/** The item as it is stored: links are made anew each time it is sent. */
export const withoutLinks = <A extends ThreadItem>(item: A): A => mapAttachments(item, withoutLink)

/** An image is shown as a file where it has no bytes: there is nothing to link to. */
const withoutPreview = (attachment: Attachment): Attachment => {
  if (attachment.type === "file") return attachment
  const { preview_url: _, ...rest } = attachment
  return { ...rest, type: "file" }
}

/**
 * The item as it is sent to a client or a responder: with links that work. Attachments that are not
 * `uploaded`, as those that the person has deleted, have none.
 */
export const withFreshLinks =
  ({ refresh }: LinkMaker, userId: UserId, uploaded: ReadonlySet<string>) =>
  <A extends ThreadItem>(item: A): A =>
    mapAttachments(item, (attachment) =>
      uploaded.has(attachment.id) ? refresh(userId, attachment) : withoutPreview(attachment)
    )
