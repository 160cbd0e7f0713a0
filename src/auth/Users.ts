import { Context, Effect, Layer, Redacted } from "effect"
import { type DbUnavailable } from "../core/Errors.ts"
import { InvalidToken, NoActiveSession, UserNotFound } from "./Errors.ts"
import { type Identity, Identities } from "./Identities.ts"
import type { Claims } from "./Claims.ts"

/**
 * Finds the user whom the claims are about. An address alone identifies nobody: it may belong to
 * someone else by now, so the row must also be the one that `sub` names.
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
      const accounts = yield* Identities
      return {
        find: Effect.fnUntraced(function* (claims) {
          const account = yield* accounts.find(claims)
          if (account === undefined) {
            // A session token finds its user through its session: when that is gone, so is the way.
            return yield* claims.email === undefined ? new NoActiveSession({}) : new UserNotFound()
          }
          const { userId } = account
          if (!isSubject(account, claims)) {
            return yield* new InvalidToken({ reason: "subject_mismatch", userId })
          }
          if (account.banned) return yield* new InvalidToken({ reason: "banned", userId })
          return account
        })
      }
    })
  )
}

/** Applications that mint their own HS256 tokens also put the e-mail itself into `sub`. */
const isSubject = ({ userId }: Identity, { email, subject, verification }: Claims): boolean => {
  if (subject === undefined || subject === userId) return true
  return (
    verification.kind === "hs256_jwt" && email !== undefined && subject === Redacted.value(email)
  )
}
