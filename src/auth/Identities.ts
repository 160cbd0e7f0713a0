import { Context, type Effect, type Redacted } from "effect"
import type { DbUnavailable } from "../core/Errors.ts"
import type { SessionId, UserId } from "../core/User.ts"

/** A user row together with the live session that the question allows, read at one moment. */
export interface Identity {
  readonly userId: UserId
  readonly email: string
  readonly name: string
  /** By the admin plugin, and not over yet; false where the table has no such column. */
  readonly banned: boolean
  /** Nothing when every session that would do has ended. */
  readonly sessionId: SessionId | undefined
}

/** Whose account is asked for, and which of its sessions will do. */
export interface IdentityQuery {
  /** Exact address first, then its ASCII-lower-case form; nothing looser (no trim, no Unicode). */
  readonly email: Redacted.Redacted | undefined
  /** With these only that very session will do; otherwise any, and the one that expires last. */
  readonly sessionId: SessionId | undefined
  /** Without an e-mail the session's token finds its user. */
  readonly sessionToken: Redacted.Redacted | undefined
}

/**
 * Better Auth's user and session tables, read only. One statement answers a question, or several
 * that are asked at once; within twice `Timeouts.statement` there is an answer or an outage.
 */
export class Identities extends Context.Service<
  Identities,
  {
    readonly find: (query: IdentityQuery) => Effect.Effect<Identity | undefined, DbUnavailable>
  }
>()("effect-chatkit/auth/Identities") {}
