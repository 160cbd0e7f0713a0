import { Context, type Effect } from "effect"
import type { DbUnavailable } from "../core/Errors.ts"
import type { SessionId, UserId } from "../core/User.ts"

/** A user, and the one session of theirs that counts; without it any session does. */
export interface SessionQuery {
  readonly userId: UserId
  readonly sessionId: SessionId | undefined
}

/**
 * Whether somebody is still signed in, for what was given to them earlier, such as a link. Read
 * only and never cached, as `Identities` are, and with one statement for several that ask together.
 */
export class LiveSessions extends Context.Service<
  LiveSessions,
  {
    /** False also for a user who is banned or does not exist. */
    readonly isLive: (query: SessionQuery) => Effect.Effect<boolean, DbUnavailable>
  }
>()("effect-chatkit/auth/LiveSessions") {}
