import {
  Context,
  Effect,
  Exit,
  Layer,
  Option,
  Redacted,
  Request,
  RequestResolver,
  Semaphore
} from "effect"
import type { SqlError } from "effect/sql"
import { type Identity, type IdentityQuery, Identities } from "../auth/Identities.ts"
import { DbUnavailable } from "../core/Errors.ts"
import { Timeouts } from "../core/Timeouts.ts"
import { SessionId, UserId } from "../core/User.ts"
import { authenticationSql } from "../postgres/AuthenticationClient.ts"
import { type BetterAuthLayout, BetterAuthTables } from "./BetterAuthTables.ts"
import { Connections } from "../postgres/Connections.ts"
import { isLayoutError, SqlFailures } from "../postgres/SqlFailures.ts"

class Find extends Request.Class<
  { readonly query: IdentityQuery },
  Identity | undefined,
  DbUnavailable
> {}

interface Row {
  readonly i: number
  readonly userId: string
  readonly email: string
  readonly name: string | null
  readonly banned: boolean
  readonly sessionId: string | null
}

/** The largest pool there can be. */
const mostConnections = 100

const isDeadConnection = ({ reason }: SqlError.SqlError) =>
  reason._tag === "ConnectionError" && reason.operation !== "connect"

/** Most questions that one statement answers, and most statements under way. */
export const IdentityBatches = Context.Reference<{
  readonly size: number
  readonly inFlight: number
}>("effect-chatkit/betterauth/IdentityBatches", {
  defaultValue: () => ({ size: 200, inFlight: 2 })
})

/**
 * `Identities` from Better Auth's own tables. Requests of one turn of the event loop, and those that
 * arrive while as many statements as may be are under way, share the next one; nothing is kept
 * between statements, so that sign-out counts at once.
 */
export const IdentitiesPg = Layer.effect(
  Identities,
  Effect.gen(function* () {
    const sql = yield* authenticationSql
    const tables = yield* BetterAuthTables
    const { guardForeign } = yield* SqlFailures
    const { dropIdle } = yield* Connections
    const { statement: wait } = yield* Timeouts
    const { inFlight, size } = yield* IdentityBatches
    // Few at a time: a server that falls silent then holds few connections.
    const slots = yield* Semaphore.make(inFlight)
    const unavailable = new DbUnavailable({ operation: "Identities.find" })

    let prepared: { readonly layout: BetterAuthLayout; readonly text: string } | undefined
    const textFor = (layout: BetterAuthLayout) => {
      if (prepared?.layout !== layout) prepared = { layout, text: statement(layout) }
      return prepared.text
    }

    const select = Effect.fnUntraced(function* (queries: ReadonlyArray<IdentityQuery>) {
      const layout = yield* tables.layout
      const asked = JSON.stringify(queries.map(asRow))
      return yield* sql.unsafe<Row>(textFor(layout), [asked]).pipe(
        // Connections that died while idle say so only when they are used, one after the other.
        Effect.tapError((error) => (isDeadConnection(error) ? dropIdle : Effect.void)),
        Effect.retry({ times: mostConnections, while: isDeadConnection }),
        Effect.tapError((error) => (isLayoutError(error) ? tables.forget : Effect.void)),
        guardForeign("Identities.find")
      )
    })

    const resolver = RequestResolver.make<Find>(
      Effect.fnUntraced(function* (entries) {
        const answer = yield* slots
          .withPermit(select(entries.map(({ request }) => request.query)))
          .pipe(
            Effect.timeoutOrElse({ duration: wait * 1.5, orElse: () => unavailable }),
            Effect.exit
          )
        const rows = Exit.map(
          answer,
          (rows) => new Map(rows.map((row) => [row.i, asIdentity(row)]))
        )
        entries.forEach((entry, i) => entry.completeUnsafe(Exit.map(rows, (row) => row.get(i))))
      })
    ).pipe(
      // A batch is open for the rest of the turn, and longer while no statement may be sent.
      RequestResolver.setDelayEffect(
        Effect.yieldNow.pipe(
          Effect.andThen(slots.withPermitsIfAvailable(1)(Effect.void)),
          Effect.flatMap((free) =>
            Option.isSome(free)
              ? Effect.void
              : Effect.timeoutOption(slots.withPermit(Effect.void), wait * 0.5)
          )
        )
      ),
      RequestResolver.batchN(size)
    )

    return { find: (query) => Effect.request(new Find({ query }), resolver) }
  })
)

const asRow = ({ email, sessionId, sessionToken }: IdentityQuery, i: number) => {
  const exact = email && Redacted.value(email)
  return {
    i,
    exact,
    // ASCII only: Unicode folds differ between systems and can make two addresses one.
    folded: exact?.replace(/[A-Z]/g, (letter) => letter.toLowerCase()),
    sid: sessionId,
    token: sessionToken && Redacted.value(sessionToken)
  }
}

const asIdentity = (row: Row): Identity => ({
  userId: UserId.make(row.userId),
  email: row.email,
  name: row.name ?? "",
  banned: row.banned,
  sessionId: row.sessionId === null ? undefined : SessionId.make(row.sessionId)
})

const statement = ({ session, user }: BetterAuthLayout): string => {
  const u = (field: string) => `u.${user.column(field)}`
  const s = (field: string) => `s.${session.column(field)}`
  // Right for `timestamp` and `timestamptz` and in every time zone of the connection.
  const ahead = (column: string) => `extract(epoch from ${column}) > extract(epoch from now())`
  const sameType = user.type("id") === session.type("userId")
  const owned = sameType ? `${s("userId")} = u.id` : `${s("userId")}::text = u.id::text`
  const joined = sameType
    ? `${u("id")} = ${s("userId")}`
    : `${u("id")}::text = ${s("userId")}::text`
  const banned =
    user.column("banned") === undefined
      ? "false"
      : `(coalesce(${u("banned")}::text, 'f') in ('t', 'true', '1')` +
        (user.column("banExpires") === undefined
          ? ")"
          : ` and (${u("banExpires")} is null or ${ahead(u("banExpires"))}))`)
  const columns = `${u("id")} as id, ${u("email")}::text as email,
      ${user.column("name") === undefined ? "null" : `${u("name")}::text`} as name, ${banned} as banned`
  const live = `${owned} and ${ahead(s("expiresAt"))}`
  const from = `select ${s("id")}::text as id from ${session.from} s where`

  return `
  select q.i as "i", u.id::text as "userId", u.email as "email", u.name as "name",
    u.banned as "banned", s.id as "sessionId"
  from json_to_recordset($1::json) as q(i int, exact text, folded text, sid text, token text)
  cross join lateral (
    (select ${columns} from ${user.from} u
      where ${u("email")} = any (array[q.exact, q.folded])
      order by ${u("email")} <> q.exact limit 1)
    union all
    (select ${columns} from ${session.from} s join ${user.from} u on ${joined}
      where q.exact is null and ${s("token")} = q.token limit 1)
  ) u
  left join lateral (
    (${from} q.sid is null and q.token is null and ${live}
      order by ${s("expiresAt")} desc, ${s("id")} limit 1)
    union all
    (${from} q.token is not null and ${s("token")} = q.token
      and (q.sid is null or ${s("id")}::text = q.sid) and ${live} limit 1)
    union all
    (${from} q.token is null and q.sid is not null and ${s("id")}::text = q.sid
      and ${live} limit 1)
  ) s on true`
}
