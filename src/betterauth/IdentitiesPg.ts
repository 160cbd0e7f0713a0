import { Context, Effect, Exit, Layer, Option, Request, RequestResolver, Semaphore } from "effect"
import { type Identity, type IdentityQuery, Identities } from "../auth/Identities.ts"
import { DbUnavailable } from "../core/Errors.ts"
import { Timeouts } from "../core/Timeouts.ts"
import { authenticationSql } from "../postgres/AuthenticationClient.ts"
import { Connections } from "../postgres/Connections.ts"
import { isLayoutError, resentWhenDead, SqlFailures } from "../postgres/SqlFailures.ts"
import type { BetterAuthLayout } from "./BetterAuthLayout.ts"
import { BetterAuthTables } from "./BetterAuthTables.ts"
import {
  identitiesOf,
  identityParameter,
  type IdentityRow,
  identityStatement
} from "./IdentityStatement.ts"

class Find extends Request.Class<
  { readonly query: IdentityQuery },
  Identity | undefined,
  DbUnavailable
> {}

/** How many queries one statement answers at most, and how many statements run at a time. */
export const IdentityBatches = Context.Reference<{
  readonly size: number
  readonly inFlight: number
}>("effect-chatkit/betterauth/IdentityBatches", {
  defaultValue: () => ({ size: 200, inFlight: 2 })
})

/**
 * `Identities` from Better Auth's own tables. Queries of one turn of the event loop share a
 * statement, and so do those that arrive while the allowed number of statements is running.
 * Rows are not cached between statements, so that sign-out takes effect at once.
 */
export const IdentitiesPg = Layer.effect(
  Identities,
  Effect.gen(function* () {
    const sql = yield* authenticationSql
    const tables = yield* BetterAuthTables
    const { guardForeign } = yield* SqlFailures
    const { dropIdle } = yield* Connections
    const { statement: timeout } = yield* Timeouts
    const { inFlight, size } = yield* IdentityBatches
    // Few at a time: when the server falls silent, few connections wait for it.
    const slots = yield* Semaphore.make(inFlight)
    const unavailable = new DbUnavailable({ operation: "Identities.find" })

    let prepared: { readonly layout: BetterAuthLayout; readonly text: string } | undefined
    const textFor = (layout: BetterAuthLayout) => {
      if (prepared?.layout !== layout) prepared = { layout, text: identityStatement(layout) }
      return prepared.text
    }

    const select = Effect.fnUntraced(function* (queries: ReadonlyArray<IdentityQuery>) {
      const layout = yield* tables.layout
      return yield* sql.unsafe<IdentityRow>(textFor(layout), [identityParameter(queries)]).pipe(
        resentWhenDead(dropIdle),
        Effect.tapError((error) => (isLayoutError(error) ? tables.invalidate : Effect.void)),
        guardForeign("Identities.find")
      )
    })

    const resolver = RequestResolver.make<Find>(
      Effect.fnUntraced(function* (entries) {
        const rows = yield* slots
          .withPermit(select(entries.map(({ request }) => request.query)))
          .pipe(
            Effect.timeoutOrElse({ duration: timeout * 1.5, orElse: () => unavailable }),
            Effect.exit
          )
        const identities = Exit.map(rows, identitiesOf)
        entries.forEach((entry, i) =>
          entry.completeUnsafe(Exit.map(identities, (found) => found.get(i)))
        )
      })
    ).pipe(
      // A batch is open for the rest of the turn, and longer while every slot is taken.
      RequestResolver.setDelayEffect(
        Effect.yieldNow.pipe(
          Effect.andThen(slots.withPermitsIfAvailable(1)(Effect.void)),
          Effect.flatMap((free) =>
            Option.isSome(free)
              ? Effect.void
              : Effect.timeoutOption(slots.withPermit(Effect.void), timeout * 0.5)
          )
        )
      ),
      RequestResolver.batchN(size)
    )

    return { find: (query) => Effect.request(new Find({ query }), resolver) }
  })
)
