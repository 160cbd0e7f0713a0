import type { Claims } from "./Claims.ts"
import type { JwsHeader } from "./Jws.ts"
import type { Lifetime } from "./Lifetime.ts"

/** The content of a token before its signature is verified: not to be relied on. */
export interface ParsedToken {
  readonly header: JwsHeader
  readonly lifetime: Lifetime
  readonly claims: Claims
}
