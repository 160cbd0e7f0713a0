import { Context, Effect, Layer } from "effect"
import { NoActiveSession } from "./Errors.ts"
import type { SessionId } from "../core/User.ts"
import type { Identity } from "./Identities.ts"

/**
 * Resolves the session a request belongs to. Tokens outlive sign-out: only a session row that is
 * live right now proves that the user is still signed in.
 */
export class Sessions extends Context.Service<
  Sessions,
  {
    readonly resolve: (identity: Identity) => Effect.Effect<SessionId, NoActiveSession>
  }
>()("effect-chatkit/auth/Sessions") {
  static readonly layer = Layer.succeed(Sessions, {
    resolve: ({ sessionId, userId }) =>
      sessionId === undefined
        ? Effect.fail(new NoActiveSession({ userId }))
        : Effect.succeed(sessionId)
  })
}
