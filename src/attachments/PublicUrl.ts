import { Context } from "effect"

/**
 * The address at which the browser reached this server, without a trailing slash: links in answers
 * begin with it. Few answers have links, so it is computed on demand.
 */
export const PublicUrl = Context.Reference<() => string>("effect-chatkit/attachments/PublicUrl", {
  defaultValue: () => () => "http://127.0.0.1:8000"
})
