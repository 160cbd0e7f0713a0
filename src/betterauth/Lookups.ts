import { Context, Effect, Exit, Option, Request, RequestResolver, Semaphore } from "effect"
import type { SqlClient } from "effect/sql"
import { DbUnavailable } from "../core/Errors.ts"
import { Timeouts } from "../core/Timeouts.ts"
import { Connections } from "../postgres/Connections.ts"
import { isLayoutError, resentWhenDead, SqlFailures } from "../postgres/SqlFailures.ts"
import type { BetterAuthLayout } from "./BetterAuthLayout.ts"
import { BetterAuthTables } from "./BetterAuthTables.ts"

/** How many queries one statement answers at most, and how many statements run at a time. */
export const LookupBatches = Context.Reference<{
  readonly size: number
  readonly inFlight: number
}>("effect-chatkit/betterauth/LookupBatches", {
  defaultValue: () => ({ size: 200, inFlight: 2 })
})

interface Lookup<Query, Answer> extends Request.Request<Answer | undefined, DbUnavailable> {
  readonly query: Query
}

/** How one statement answers many queries. */
export interface LookupStatement<Query, Row, Answer> {
  readonly operation: string
  readonly text: (layout: BetterAuthLayout) => string
  /** The statement's one parameter: every value travels in it, and none in the text. */
  readonly parameter: (queries: ReadonlyArray<Query>, layout: BetterAuthLayout) => string
  /** The answers by the position of their query. */
  readonly answers: (rows: ReadonlyArray<Row>) => ReadonlyMap<number, Answer>
}

/**
 * A lookup in Better Auth's own tables. Queries of one turn of the event loop share a statement,
 * and so do those that arrive while the allowed number of statements is running. Rows are not
 * cached between statements, so that sign-out takes effect at once. It ends within twice
 * `Timeouts.statement`.
 */
export const lookup = Effect.fnUntraced(function* <Query, Row extends object, Answer>(
  sql: SqlClient.SqlClient,
  { answers, operation, parameter, text }: LookupStatement<Query, Row, Answer>
) {
  const tables = yield* BetterAuthTables
  const { guardForeign } = yield* SqlFailures
  const { dropIdle } = yield* Connections
  const { statement: timeout } = yield* Timeouts
  const { inFlight, size } = yield* LookupBatches
  // Few at a time: when the server falls silent, few connections wait for it.
  const slots = yield* Semaphore.make(inFlight)
  const unavailable = new DbUnavailable({ operation })

  let prepared: { readonly layout: BetterAuthLayout; readonly text: string } | undefined
  const textFor = (layout: BetterAuthLayout) => {
    if (prepared?.layout !== layout) prepared = { layout, text: text(layout) }
    return prepared.text
  }

  const select = Effect.fnUntraced(function* (queries: ReadonlyArray<Query>) {
    const layout = yield* tables.layout
    return yield* sql.unsafe<Row>(textFor(layout), [parameter(queries, layout)]).pipe(
      resentWhenDead(dropIdle),
      Effect.tapError((error) => (isLayoutError(error) ? tables.invalidate : Effect.void)),
      guardForeign(operation)
    )
  })

  const resolver = RequestResolver.make<Lookup<Query, Answer>>(
    Effect.fnUntraced(function* (entries) {
      const rows = yield* slots
        .withPermit(select(entries.map(({ request }) => request.query)))
        .pipe(
          Effect.timeoutOrElse({ duration: timeout * 1.5, orElse: () => unavailable }),
          Effect.exit
        )
      const found = Exit.map(rows, answers)
      entries.forEach((entry, i) => entry.completeUnsafe(Exit.map(found, (found) => found.get(i))))
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

  const request = Request.of<Lookup<Query, Answer>>()
  return (query: Query) => Effect.request(request({ query }), resolver)
})
