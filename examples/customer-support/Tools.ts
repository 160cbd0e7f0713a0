import { Effect, Schema, Stream } from "effect"
import { Tool, Toolkit } from "effect/ai"
import { Answer, CurrentTurn, CurrentUser, type Turn } from "effect-chatkit"
import { type Profile, Profiles } from "./Profiles.ts"
import { flightList, flightsBetween, mealList } from "./Widgets.ts"

const tool = <const Name extends string, Fields extends Schema.Struct.Fields>(
  name: Name,
  description: string,
  fields: Fields
) =>
  Tool.make(name, {
    description,
    parameters: Schema.Struct(fields),
    success: Schema.String,
    failure: Schema.String,
    failureMode: "return",
    dependencies: [CurrentUser, CurrentTurn]
  })

export const Tools = Toolkit.make(
  tool("change_seat", "Gives the customer another seat on a flight", {
    flight: Schema.String,
    seat: Schema.String
  }),
  tool("cancel_trip", "Cancels all flights of the customer", {}),
  tool("add_checked_bag", "Adds one checked bag", {}),
  tool("request_assistance", "Notes what help the customer needs at the airport", {
    help: Schema.String
  }),
  tool("meal_preference_list", "Shows the meals to choose from", {}),
  tool("flight_option_list", "Shows flights to choose from", {
    from: Schema.String,
    to: Schema.String
  })
)

/** After these the customer chooses, and the model waits. */
export const stopAt = ["meal_preference_list", "flight_option_list"]

/** The page's side panel shows the profile. */
export const profileShown = (profile: Profile) =>
  Answer.effect("customer_profile/update", { profile })

/** Sends all of a stream from inside a tool. */
const emitAll = (turn: Turn, events: Answer.Answer) =>
  Stream.runForEach(events, (event) => turn.emit(event))

export const Handlers = Tools.toLayer(
  Effect.gen(function* () {
    const profiles = yield* Profiles

    /** Changes the profile, updates the side panel, and tells the model. */
    const changing = Effect.fnUntraced(
      function* (change: (profile: Profile) => Profile, line: string) {
        const profile = yield* profiles.change(change, line)
        yield* emitAll(yield* CurrentTurn, profileShown(profile))
        return line
      },
      Effect.mapError(() => "The customer's record cannot be changed right now.")
    )

    const showing = Effect.fnUntraced(
      function* (text: string, widget: (turn: Turn) => Answer.Answer) {
        const turn = yield* CurrentTurn
        yield* emitAll(turn, Stream.concat(Answer.say(turn, text), widget(turn)))
        return "shown"
      },
      Effect.mapError(() => "The list cannot be shown right now.")
    )

    return {
      change_seat: ({ flight, seat }) =>
        Effect.gen(function* () {
          const { legs } = yield* Effect.mapError(profiles.mine, () => "Not available right now.")
          if (!legs.some((leg) => leg.flight === flight && leg.status === "booked")) {
            return yield* Effect.fail(`The customer has no flight ${flight}.`)
          }
          return yield* changing(
            (profile) => ({
              ...profile,
              legs: profile.legs.map((leg) => (leg.flight === flight ? { ...leg, seat } : leg))
            }),
            `Seat on ${flight} changed to ${seat}`
          )
        }),
      cancel_trip: () =>
        changing(
          (profile) => ({
            ...profile,
            legs: profile.legs.map((leg) => ({ ...leg, status: "cancelled" as const }))
          }),
          "Trip cancelled"
        ),
      add_checked_bag: () =>
        changing((profile) => ({ ...profile, bags: profile.bags + 1 }), "One checked bag added"),
      request_assistance: ({ help }) =>
        changing((profile) => ({ ...profile, assistance: help }), `Assistance requested: ${help}`),
      meal_preference_list: () =>
        showing("Which meal would you like?", (turn) => Answer.widget(turn, mealList())),
      flight_option_list: ({ from, to }) =>
        showing(`These flights go from ${from} to ${to}:`, (turn) =>
          Answer.widget(turn, flightList(flightsBetween(from, to), "outbound"))
        )
    }
  })
)
