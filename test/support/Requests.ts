import { Effect } from "effect"
import { RequestInfo } from "../../src/core/RequestInfo.ts"

/** As for a request that reached the server under this address. */
export const at = (url: string) =>
  Effect.provideService(RequestInfo, { ...RequestInfo.defaultValue(), publicUrl: () => url })
