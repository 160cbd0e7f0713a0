import { Context, type Effect } from "effect"
import type { DbUnavailable } from "../core/Errors.ts"
import type { UserId } from "../core/User.ts"
import type { Attachment } from "../protocol/Attachments.ts"
import type { AttachmentRecord } from "./AttachmentStore.ts"

/** Makes links that work for a while without any header, because browsers load previews that way. */
export interface LinkMaker {
  /** With `upload_descriptor` while its bytes are missing, and `preview_url` when it is an image. */
  readonly shown: (userId: UserId, attachment: AttachmentRecord) => Attachment
  /** The same attachment with a fresh `preview_url`. */
  readonly refreshed: (userId: UserId, attachment: Attachment) => Attachment
}

/** Signed links to the bytes of attachments. */
export class AttachmentLinks extends Context.Service<
  AttachmentLinks,
  {
    /** The links begin with the address under which this request reached the server. */
    readonly maker: Effect.Effect<LinkMaker, DbUnavailable>
  }
>()("effect-chatkit/attachments/AttachmentLinks") {}
