import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Identity } from "../../../src/auth/Identities.ts"
import { Sessions } from "../../../src/auth/Sessions.ts"
import { cast } from "../../support/Doubles.ts"

const [ada, , asleep] = cast as readonly [Identity, Identity, Identity]

const resolve = (identity: Identity) =>
  Effect.flatMap(Sessions, (sessions) => sessions.resolve(identity)).pipe(
    Effect.provide(Sessions.layer)
  )

describe("Sessions", () => {
  it.effect("gives the session that was found live", () =>
    Effect.map(resolve(ada), (sessionId) => assert.strictEqual(sessionId, "ada-session"))
  )

  it.effect("fails without one, and says whose it would be", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(resolve(asleep))
      assert.deepStrictEqual([error._tag, error.userId], ["NoActiveSession", asleep.userId])
    })
  )
})
