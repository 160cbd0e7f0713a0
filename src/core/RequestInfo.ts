import { Context } from "effect"

/**
 * The request that some work is done for: its id, as in every log line, and the language the
 * caller prefers (BCP 47, from `Accept-Language`), if it names one.
 */
export const RequestInfo = Context.Reference<{
  readonly requestId: string
  readonly locale: string | undefined
}>("effect-chatkit/core/RequestInfo", {
  defaultValue: () => ({ requestId: "", locale: undefined })
})
