import { Context, Effect, Layer, Schema } from "effect"
import { SqlClient, SqlError, type Statement } from "effect/sql"
import { CurrentUser } from "effect-chatkit"

const Leg = Schema.Struct({
  id: Schema.String,
  flight: Schema.String,
  from: Schema.String,
  to: Schema.String,
  date: Schema.String,
  seat: Schema.String,
  status: Schema.Literals(["booked", "cancelled"])
})

/** All that the airline keeps of a customer. */
export const Profile = Schema.Struct({
  name: Schema.String,
  loyalty: Schema.String,
  legs: Schema.Array(Leg),
  bags: Schema.Int,
  meal: Schema.NullOr(Schema.String),
  assistance: Schema.NullOr(Schema.String),
  timeline: Schema.Array(Schema.String)
})
export type Profile = typeof Profile.Type

const newcomer = (name: string): Profile => ({
  name,
  loyalty: "Northern Lights Silver",
  legs: [
    {
      id: "leg-1",
      flight: "FJ 482",
      from: "Oslo",
      to: "Lisbon",
      date: "2027-03-04",
      seat: "14A",
      status: "booked"
    },
    {
      id: "leg-2",
      flight: "FJ 483",
      from: "Lisbon",
      to: "Oslo",
      date: "2027-03-11",
      seat: "22C",
      status: "booked"
    }
  ],
  bags: 0,
  meal: null,
  assistance: null,
  timeline: ["Trip to Lisbon booked"]
})

/** Lines of the timeline that are kept, and characters of a line. */
const mostLines = 50
const longestLine = 300

/** The profile cannot be read or changed now; the log has the cause. */
export class ProfilesUnavailable extends Schema.TaggedError<ProfilesUnavailable>()(
  "ProfilesUnavailable",
  {}
) {}

/** The change does not fit the profile; the reason is for the model. */
export class NotPossible extends Schema.TaggedError<NotPossible>()("NotPossible", {
  reason: Schema.String
}) {}

/** Makes the table, once, however many servers start at the same time. */
const createTable = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  // "if not exists" is no protection: two servers that create at once both fail but one.
  yield* sql`select pg_advisory_xact_lock(hashtext('customer_support'))`
  const [found] = yield* sql<{ exists: boolean }>`
    select to_regclass('customer_support.profiles') is not null as exists`
  if (found?.exists === true) return
  yield* sql`create schema if not exists customer_support`
  yield* sql`
    create table customer_support.profiles (user_id text primary key, profile json not null)`
})

/**
 * The profile of the person who is talking, in a table of the example's own.
 *
 * @effect-expect-leaking CurrentUser
 */
export class Profiles extends Context.Service<
  Profiles,
  {
    readonly mine: Effect.Effect<Profile, ProfilesUnavailable, CurrentUser>
    /**
     * Changes the profile and adds a line to its timeline, in one transaction. A change that fails
     * leaves the profile as it was.
     */
    readonly change: (
      change: (profile: Profile) => Effect.Effect<Profile, NotPossible>,
      line: string
    ) => Effect.Effect<Profile, NotPossible | ProfilesUnavailable, CurrentUser>
  }
>()("customer-support/Profiles") {
  static readonly layer = Layer.effect(
    Profiles,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql.withTransaction(createTable)
      const decode = Schema.decodeUnknownEffect(Profile)

      /** The errors may quote what is stored, so only their tags are logged. */
      const unavailable = (failure: string) =>
        Effect.andThen(
          Effect.annotateLogs(Effect.logError("no profile"), { failure }),
          Effect.fail(new ProfilesUnavailable())
        )
      const outages = {
        SqlError: ({ reason }: SqlError.SqlError) => unavailable(reason._tag),
        SchemaError: ({ _tag }: Schema.SchemaError) => unavailable(_tag)
      }

      const load = Effect.fnUntraced(function* (lock: Statement.Fragment) {
        const { name, userId } = yield* CurrentUser
        const find = sql<{ profile: unknown }>`
          select profile from customer_support.profiles where user_id = ${userId} ${lock}`
        let [row] = yield* find
        if (row === undefined) {
          yield* sql`
            insert into customer_support.profiles (user_id, profile)
            values (${userId}, ${JSON.stringify(newcomer(name))}::json) on conflict do nothing`
          ;[row] = yield* find
        }
        return yield* decode(row?.profile)
      })

      return {
        mine: Effect.catchTags(load(sql``), outages),
        change: Effect.fnUntraced(
          function* (change, line) {
            const { userId } = yield* CurrentUser
            const changed = yield* change(yield* load(sql`for update`))
            const timeline = [line.slice(0, longestLine), ...changed.timeline].slice(0, mostLines)
            const next = { ...changed, timeline }
            yield* sql`
              update customer_support.profiles set profile = ${JSON.stringify(next)}::json
              where user_id = ${userId}`
            return next
          },
          sql.withTransaction,
          Effect.catchTags(outages)
        )
      }
    })
  )
}
