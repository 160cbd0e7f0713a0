import { Clock, Effect, Layer, type Redacted } from "effect"
import { AttachmentLinks, type LinkMaker } from "./AttachmentLinks.ts"
import { mediaTypeOf } from "./AttachmentRules.ts"
import { LinkKey } from "./LinkKey.ts"
import { PublicUrl } from "./PublicUrl.ts"
import { linkOf } from "./SignedLinks.ts"

const hour = 3600

/** `AttachmentLinks` to this server, signed with `LinkKey`. */
export const SignedAttachmentLinks = Layer.effect(
  AttachmentLinks,
  Effect.map(LinkKey, ({ key }) => ({
    maker: Effect.gen(function* () {
      const publicUrl = yield* PublicUrl
      const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
      return make(yield* key, publicUrl(), now)
    })
  }))
)

const make = (key: Redacted.Redacted, base: string, now: number): LinkMaker => {
  const shown: LinkMaker["shown"] = (userId, record) => {
    const { id, mime_type, name, thread_id, uploaded } = record
    const link = (purpose: "upload" | "content", expires: number) =>
      linkOf(base, key, { purpose, attachmentId: id, userId, expires })
    const upload_descriptor = {
      url: link("upload", now + hour),
      method: "PUT" as const,
      headers: { "Content-Type": mime_type }
    }
    const common = {
      id,
      name,
      mime_type,
      ...(uploaded ? {} : { upload_descriptor }),
      ...(thread_id === undefined ? {} : { thread_id })
    }
    return mediaTypeOf(mime_type).startsWith("image/")
      ? { ...common, type: "image", preview_url: link("content", previewExpires(now)) }
      : { ...common, type: "file" }
  }
  return {
    shown,
    refreshed: (userId, attachment) => {
      if (attachment.type === "file") return attachment
      const permit = { purpose: "content", attachmentId: attachment.id, userId } as const
      const preview_url = linkOf(base, key, { ...permit, expires: previewExpires(now) })
      return { ...attachment, preview_url }
    }
  }
}

/** The same for an hour, so that a browser keeps what it has loaded, and good for one more. */
const previewExpires = (now: number) => Math.ceil((now + hour) / hour) * hour
