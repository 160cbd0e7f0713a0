import { Context, type Redacted } from "effect"
import type { SessionId, UserId } from "../core/User.ts"

/**
 * How the caller proved who they are: `jwt` by Better Auth's JWT plugin, `hs256_jwt` minted by
 * the application with `BETTER_AUTH_SECRET`, `session_cookie` from the cookie cache,
 * `session_token` signed by the bearer plugin.
 */
export interface Verification {
  readonly kind: "jwt" | "hs256_jwt" | "session_cookie" | "session_token"
  readonly alg: string
  readonly kid?: string
  readonly issuer?: string
}

/**
 * The authenticated user, who exists and was signed in when the request arrived. Only the
 * authentication middleware provides it, so a handler that requires it cannot run without it.
 */
export class CurrentUser extends Context.Service<
  CurrentUser,
  {
    readonly userId: UserId
    readonly sessionId: SessionId
    /** The same session where the token itself names one: such a token is good for no other. */
    readonly namedSession?: SessionId
    readonly email: Redacted.Redacted
    readonly name: string
    readonly verification: Verification
  }
>()("effect-chatkit/auth/CurrentUser") {}
