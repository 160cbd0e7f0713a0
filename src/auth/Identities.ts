import { Context, type Effect, type Redacted } from "effect"
import type { DbUnavailable } from "../core/Errors.ts"
import type { SessionId, UserId } from "../core/User.ts"

/** A user row and, if there is one, a live session that satisfies the query, from one snapshot. */
export interface Identity {
  readonly userId: UserId
  readonly email: string
  readonly name: string
  /** Whether the admin plugin's ban is in force; false where the table has no such column. */
  readonly banned: boolean
  /** Undefined when no session that satisfies the query is live. */
  readonly sessionId: SessionId | undefined
}

/** Names a user, by e-mail or by session token, and the sessions of theirs that are accepted. */
export interface IdentityQuery {
  /** Matched exactly first, then in ASCII lower case; nothing looser (no trim, no Unicode). */
  readonly email: Redacted.Redacted | undefined
  /** With an id or a token only that session is accepted; otherwise the one that expires last. */
  readonly sessionId: SessionId | undefined
  /** Finds the user when there is no e-mail. */
  readonly sessionToken: Redacted.Redacted | undefined
}

/**
 * Better Auth's users and sessions, read only and never cached. One statement answers a query, or
 * several that arrive together; it succeeds or fails within twice `Timeouts.statement`.
 */
export class Identities extends Context.Service<
  Identities,
  {
    readonly find: (query: IdentityQuery) => Effect.Effect<Identity | undefined, DbUnavailable>
  }
>()("effect-chatkit/auth/Identities") {}
