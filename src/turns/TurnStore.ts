import { Context, type Effect } from "effect"
import type { DbUnavailable, NotFound } from "../core/Errors.ts"
import type { UserId } from "../core/User.ts"
import type { ThreadMetadata } from "../protocol/Threads.ts"
import type { TurnTaken } from "./Errors.ts"

/**
 * Which turn holds a thread, over all servers. A turn's id is the fencing token of its lease:
 * `ThreadStore` writes nothing for a turn that lost it. A lease lasts `turnLease` ms from `begin`
 * or from its last `renew`, by the store's own clock.
 */
export class TurnStore extends Context.Service<
  TurnStore,
  {
    /** Leases the thread to one turn and gives the thread as it is then. Tries once. */
    readonly begin: (
      userId: UserId,
      threadId: string,
      turn: string
    ) => Effect.Effect<ThreadMetadata, NotFound | TurnTaken | DbUnavailable>
    /**
     * Renews the leases of all these turns at once, and gives the turns that still hold a thread:
     * a lease that was lost stays lost.
     */
    readonly renew: (
      turns: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlySet<string>, DbUnavailable>
    /** Gives the thread back, if this turn still holds it. */
    readonly end: (
      userId: UserId,
      threadId: string,
      turn: string
    ) => Effect.Effect<void, DbUnavailable>
  }
>()("effect-chatkit/turns/TurnStore") {}
