import { Effect, Result, Schema, Stream } from "effect"
import { type ActionTurn, Answer } from "effect-chatkit"
import { offersAction } from "effect-chatkit/protocol"
import { type Profile, Profiles } from "./Profiles.ts"
import { profileShown } from "./Tools.ts"
import { FlightChoice, flightList, flightsBetween, mealList, meals } from "./Widgets.ts"

const decode = <A>(schema: Schema.Codec<A, unknown>, payload: unknown) =>
  Result.getOrUndefined(Schema.decodeUnknownResult(schema)(payload))

const Meal = Schema.Struct({ meal: Schema.Literals(meals) })

const all = (...parts: ReadonlyArray<Answer.Answer>): Answer.Answer =>
  Stream.flatMap(Stream.fromIterable(parts), (part) => part)

/** A list is clicked once: then it offers nothing more, and neither does what a page makes up. */
const isOffered = ({ action, sender }: ActionTurn) =>
  sender !== undefined && offersAction(sender.widget, action)

/** The answers to clicks. What they mean is noted for the model; an unknown one is not answered. */
export const actions = Effect.map(Profiles, (profiles) => {
  const changing = (
    change: (profile: Profile) => Profile,
    line: string,
    answer: (profile: Profile) => Answer.Answer
  ): Answer.Answer =>
    Stream.unwrap(
      Effect.map(
        profiles.change((profile) => Effect.succeed(change(profile)), line),
        answer
      )
    )

  const noted = (turn: ActionTurn, what: string) =>
    Answer.hidden(turn, `The customer clicked in widget ${turn.sender?.id ?? "?"}: ${what}`)

  const saying = (line: string, words: string) => (turn: ActionTurn) =>
    changing(
      (profile) => profile,
      line,
      (profile) => all(Answer.say(turn, words), noted(turn, line), profileShown(profile))
    )

  const mealChosen = (turn: ActionTurn): Answer.Answer => {
    const chosen = decode(Meal, turn.action.payload)
    if (chosen === undefined || !isOffered(turn)) return Stream.empty
    const { meal } = chosen
    return changing(
      (profile) => ({ ...profile, meal }),
      `Meal: ${meal}`,
      (profile) =>
        all(
          Answer.redraw(turn, mealList(meal)),
          Answer.say(turn, `Your meal will be ${meal.toLowerCase()}.`),
          noted(turn, `the meal ${meal}`),
          profileShown(profile)
        )
    )
  }

  const flightChosen = (turn: ActionTurn): Answer.Answer => {
    const choice = decode(FlightChoice, turn.action.payload)
    const flight = choice?.options.find(({ id }) => id === choice.id)
    if (choice === undefined || flight === undefined || !isOffered(turn)) return Stream.empty
    const { leg, options } = choice
    const line = `${flight.flight} from ${flight.from} to ${flight.to} at ${flight.departs} chosen`
    const wayBack = flightsBetween(flight.to, flight.from)
    return changing(
      (profile) => profile,
      line,
      (profile) =>
        all(
          Answer.redraw(turn, flightList(options, leg, flight)),
          Answer.say(turn, `You have chosen ${flight.flight}.`),
          leg === "return"
            ? Stream.empty
            : all(
                Answer.say(turn, "And the way back:"),
                Answer.widget(turn, flightList(wayBack, "return"))
              ),
          noted(turn, line),
          profileShown(profile)
        )
    )
  }

  const handlers: Readonly<Record<string, (turn: ActionTurn) => Answer.Answer>> = {
    "support.show_profile": () => Stream.unwrap(Effect.map(profiles.mine, profileShown)),
    "support.set_meal_preference": mealChosen,
    "flight.select": flightChosen,
    "booking.confirm_selection": saying("Booking confirmed", "Your booking is confirmed."),
    "booking.modify_request": saying("Change of booking asked for", "What should be different?"),
    "upsell.accept": saying("Upgrade accepted", "Your upgrade is booked."),
    "upsell.decline": saying("Upgrade declined", "No upgrade then."),
    "rebook.select_option": saying("Other flight chosen", "You are booked on the other flight.")
  }

  return (turn: ActionTurn): Answer.Answer => {
    const { type } = turn.action
    return Object.hasOwn(handlers, type) ? handlers[type]!(turn) : Stream.empty
  }
})
