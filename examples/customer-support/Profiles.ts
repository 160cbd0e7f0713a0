import { Context, Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
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

/** Lines of the timeline that are kept. */
const mostLines = 50

/**
 * The profile of the person who is talking, in a table of the example's own.
 *
 * @effect-expect-leaking CurrentUser
 */
export class Profiles extends Context.Service<
  Profiles,
  {
    readonly mine: Effect.Effect<Profile, unknown, CurrentUser>
    /** Changes the profile and adds a line to its timeline, in one transaction. */
    readonly change: (
      change: (profile: Profile) => Profile,
      line: string
    ) => Effect.Effect<Profile, unknown, CurrentUser>
  }
>()("customer-support/Profiles") {
  static readonly layer = Layer.effect(
    Profiles,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`create schema if not exists customer_support`
      yield* sql`
        create table if not exists customer_support.profiles (
          user_id text primary key, profile json not null)`
      const decode = Schema.decodeUnknownEffect(Profile)

      const load = Effect.gen(function* () {
        const { name, userId } = yield* CurrentUser
        yield* sql`
          insert into customer_support.profiles (user_id, profile)
          values (${userId}, ${JSON.stringify(newcomer(name))}::json) on conflict do nothing`
        const [row] = yield* sql<{ profile: unknown }>`
          select profile from customer_support.profiles where user_id = ${userId} for update`
        return { userId, profile: yield* decode(row?.profile) }
      })

      return {
        mine: Effect.map(load, ({ profile }) => profile),
        change: Effect.fnUntraced(function* (change, line) {
          const { profile, userId } = yield* load
          const changed = change(profile)
          const timeline = [line, ...changed.timeline].slice(0, mostLines)
          const next = { ...changed, timeline }
          yield* sql`
            update customer_support.profiles set profile = ${JSON.stringify(next)}::json
            where user_id = ${userId}`
          return next
        }, sql.withTransaction)
      }
    })
  )
}
