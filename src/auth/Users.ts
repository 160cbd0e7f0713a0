import { Context, Effect, Layer, Redacted } from "effect"
import type { DbUnavailable } from "../core/Errors.ts"
import { InvalidToken, NoActiveSession, UserNotFound } from "./Errors.ts"
import { type Identity, Identities } from "./Identities.ts"
import type { Claims } from "./tokens/Claims.ts"

/**
 * Finds the user whom the claims are about. An e-mail alone does not identify a user: it may belong
 * to someone else by now, so the row's id must also be the one in `sub`.
 */
export class Users extends Context.Service<
  Users,
  {
    readonly find: (
      claims: Claims
    ) => Effect.Effect<Identity, UserNotFound | InvalidToken | NoActiveSession | DbUnavailable>
  }
>()("effect-chatkit/auth/Users") {
  static readonly layer = Layer.effect(
    Users,
    Effect.gen(function* () {
      const identities = yield* Identities
      return {
        find: Effect.fnUntraced(function* (claims) {
          const identity = yield* identities.find(claims)
          if (identity === undefined) {
            // A session token finds its user through its session row, which is gone.
            return yield* claims.email === undefined ? new NoActiveSession({}) : new UserNotFound()
          }
          const { userId } = identity
          if (!isSubject(identity, claims)) {
            return yield* new InvalidToken({ reason: "subject_mismatch", userId })
          }
          if (identity.banned) return yield* new InvalidToken({ reason: "banned", userId })
          return identity
        })
      }
    })
  )
}

/** Applications that mint their own HS256 tokens may put the e-mail itself into `sub`. */
const isSubject = ({ userId }: Identity, { email, subject, verification }: Claims): boolean => {
  if (subject === undefined || subject === userId) return true
  return (
    verification.kind === "hs256_jwt" && email !== undefined && subject === Redacted.value(email)
  )
}
