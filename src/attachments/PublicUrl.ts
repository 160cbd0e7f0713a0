import { Context } from "effect"

/**
 * Where the browser reached this server, without a trailing slash: links in answers begin with it.
 * Few answers have any, so it is found out when it is asked for.
 */
export const PublicUrl = Context.Reference<() => string>("effect-chatkit/attachments/PublicUrl", {
  defaultValue: () => () => "http://127.0.0.1:8000"
})
