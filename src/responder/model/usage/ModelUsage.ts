import { Context, type Effect } from "effect"
import type { UserId } from "../../../core/User.ts"
import type { DbUnavailable } from "../../../core/Errors.ts"

/** Tokens by user, day and model. Days are in UTC, as in `2026-11-25`. */
export class ModelUsage extends Context.Service<
  ModelUsage,
  {
    readonly add: (
      userId: UserId,
      entry: {
        readonly day: string
        readonly model: string
        readonly inputTokens: number
        readonly outputTokens: number
      }
    ) => Effect.Effect<void, DbUnavailable>
    /** Input and output tokens of all models together. */
    readonly tokensOf: (userId: UserId, day: string) => Effect.Effect<number, DbUnavailable>
  }
>()("effect-chatkit/responder/model/ModelUsage") {}
