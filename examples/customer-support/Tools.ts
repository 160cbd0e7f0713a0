import { Effect, Schema } from "effect"
import { Tool, Toolkit } from "effect/ai"
import { Answer, CurrentTurn, CurrentUser } from "effect-chatkit"
import type { WidgetRoot } from "effect-chatkit/protocol"
import { NotPossible, type Profile, Profiles } from "./Profiles.ts"
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

const mostBags = 5
const oneSeat = /^[1-9][0-9]?[A-F]$/

export const Handlers = Tools.toLayer(
  Effect.gen(function* () {
    const profiles = yield* Profiles

    /** Changes the profile, updates the side panel, and tells the model. */
    const changing = Effect.fnUntraced(
      function* (...[change, line]: Parameters<typeof profiles.change>) {
        const profile = yield* profiles.change(change, line)
        yield* Answer.emit(yield* CurrentTurn, profileShown(profile))
        return line
      },
      Effect.catchTags({
        NotPossible: ({ reason }) => Effect.fail(reason),
        ProfilesUnavailable: () =>
          Effect.fail("The customer's record cannot be changed right now. Nothing was changed.")
      })
    )

    const showing = Effect.fnUntraced(function* (text: string, widget: WidgetRoot) {
      const turn = yield* CurrentTurn
      yield* Answer.emit(turn, Answer.say(turn, text))
      yield* Answer.emit(turn, Answer.widget(turn, widget))
      return "The list is shown, and the customer chooses."
    })

    return {
      change_seat: ({ flight, seat }) =>
        changing((profile) => {
          if (!profile.legs.some((leg) => leg.flight === flight && leg.status === "booked")) {
            return new NotPossible({ reason: `The customer has no flight ${flight}.` })
          }
          if (!oneSeat.test(seat)) return new NotPossible({ reason: "Seats are 1A to 99F." })
          const legs = profile.legs.map((leg) => (leg.flight === flight ? { ...leg, seat } : leg))
          return Effect.succeed({ ...profile, legs })
        }, `Seat on ${flight} changed to ${seat}`),
      cancel_trip: () =>
        changing((profile) => {
          if (profile.legs.every(({ status }) => status === "cancelled")) {
            return new NotPossible({ reason: "The customer has no trip to cancel." })
          }
          const legs = profile.legs.map((leg) => ({ ...leg, status: "cancelled" as const }))
          return Effect.succeed({ ...profile, legs })
        }, "Trip cancelled"),
      add_checked_bag: () =>
        changing((profile) => {
          if (profile.bags >= mostBags) {
            return new NotPossible({ reason: `No more than ${mostBags} bags can be added.` })
          }
          return Effect.succeed({ ...profile, bags: profile.bags + 1 })
        }, "One checked bag added"),
      request_assistance: ({ help }) => {
        const assistance = help.slice(0, 200)
        return changing(
          (profile) => Effect.succeed({ ...profile, assistance }),
          `Assistance requested: ${assistance}`
        )
      },
      meal_preference_list: () => showing("Which meal would you like?", mealList()),
      flight_option_list: ({ from, to }) =>
        showing(
          `These flights go from ${from} to ${to}:`,
          flightList(flightsBetween(from, to), "outbound")
        )
    }
  })
)
