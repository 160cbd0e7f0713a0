import { Clock, Context, Effect, Layer, type Redacted } from "effect"
import { LiveSessions } from "../auth/LiveSessions.ts"
import type { DbUnavailable } from "../core/Errors.ts"
import { RequestInfo } from "../core/RequestInfo.ts"
import { budgeted } from "../core/TimeBudget.ts"
import { Timeouts } from "../core/Timeouts.ts"
import type { SessionId, UserId } from "../core/User.ts"
import type { Attachment } from "../protocol/Attachments.ts"
import type { AttachmentRecord } from "./AttachmentStore.ts"
import { LinkInvalid } from "./Errors.ts"
import { LinkKey } from "./LinkKey.ts"
import { mediaTypeOf } from "./MediaTypes.ts"
import { type Permit, signLink, verifyLink } from "./SignedLinks.ts"

/** Makes links that work for a while without any header, because browsers load previews that way. */
export interface LinkMaker {
  /** With `upload_descriptor` while its bytes are missing, and `preview_url` when it is an image. */
  readonly toAttachment: (userId: UserId, record: AttachmentRecord) => Attachment
  /** The same attachment with a fresh `preview_url`. */
  readonly refresh: (userId: UserId, attachment: Attachment) => Attachment
}

/** A link to an attachment, as a client followed it: `url` ends with the signed query. */
export interface FollowedLink {
  readonly attachmentId: string
  readonly url: string
}

/**
 * Signed links to the bytes of attachments. A link is good while it has not expired and its user is
 * signed in: with the session that the token of its request named, or with any where it named none.
 */
export class AttachmentLinks extends Context.Service<
  AttachmentLinks,
  {
    /** The links begin with the address under which this request reached the server. */
    readonly maker: Effect.Effect<LinkMaker, DbUnavailable>
    /** The user for whom the link was made, who is signed in right now. */
    readonly verify: (
      purpose: Permit["purpose"],
      link: FollowedLink
    ) => Effect.Effect<UserId, LinkInvalid | DbUnavailable>
  }
>()("effect-chatkit/attachments/AttachmentLinks") {
  static readonly layer = Layer.effect(
    AttachmentLinks,
    Effect.gen(function* () {
      const { key } = yield* LinkKey
      const { isLive } = yield* LiveSessions
      const { statement } = yield* Timeouts
      const checking = budgeted("AttachmentLinks.verify", 2 * statement)
      return {
        maker: Effect.gen(function* () {
          const { namedSession, publicUrl } = yield* RequestInfo
          const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
          return makerOf(yield* key, publicUrl(), namedSession, now)
        }),
        verify: Effect.fnUntraced(function* (purpose, { attachmentId, url }) {
          const now = yield* Clock.currentTimeMillis
          const holder = verifyLink(url, yield* key, { purpose, attachmentId }, now)
          if (holder === undefined || !(yield* checking(isLive(holder)))) {
            return yield* new LinkInvalid()
          }
          return holder.userId
        })
      }
    })
  )
}

/** Seconds. */
const hour = 3600

/** `now` is in Unix seconds. */
const makerOf = (
  key: Redacted.Redacted,
  base: string,
  sessionId: SessionId | undefined,
  now: number
): LinkMaker => {
  const previewUrl = (userId: UserId, attachmentId: string) => {
    const expires = previewExpires(now)
    return signLink(base, key, { purpose: "content", attachmentId, userId, sessionId, expires })
  }
  const uploadDescriptor = (userId: UserId, attachmentId: string, mime_type: string) => {
    const expires = now + hour
    return {
      url: signLink(base, key, { purpose: "upload", attachmentId, userId, sessionId, expires }),
      method: "PUT" as const,
      headers: { "Content-Type": mime_type }
    }
  }
  return {
    toAttachment: (userId, { id, mime_type, name, thread_id, uploaded }) => {
      const common = {
        id,
        name,
        mime_type,
        ...(uploaded ? {} : { upload_descriptor: uploadDescriptor(userId, id, mime_type) }),
        ...(thread_id === undefined ? {} : { thread_id })
      }
      return mediaTypeOf(mime_type).startsWith("image/")
        ? { ...common, type: "image", preview_url: previewUrl(userId, id) }
        : { ...common, type: "file" }
    },
    refresh: (userId, attachment) =>
      attachment.type === "image"
        ? { ...attachment, preview_url: previewUrl(userId, attachment.id) }
        : attachment
  }
}

/** The same for an hour, so that a browser keeps what it has loaded, and good for one more. */
const previewExpires = (now: number) => Math.ceil((now + hour) / hour) * hour
