import { Schema } from "effect"
import { ActionConfig, Widgets } from "effect-chatkit/protocol"

const { ListView, ListViewItem, Row, Text } = Widgets

export const meals = ["Vegetarian", "Vegan", "Fish", "Gluten-free"]

/** Without a choice each meal can be clicked; with one, nothing can be clicked any more. */
export const mealList = (chosen?: string) =>
  ListView.make({
    children: meals.map((meal) =>
      ListViewItem.make({
        key: meal,
        ...(chosen === undefined
          ? {
              onClickAction: ActionConfig.make({
                type: "support.set_meal_preference",
                payload: { meal }
              })
            }
          : {}),
        children: [Text.make({ value: meal === chosen ? `✓ ${meal}` : meal })]
      })
    )
  })

export const Flight = Schema.Struct({
  id: Schema.String,
  flight: Schema.String,
  from: Schema.String,
  to: Schema.String,
  departs: Schema.String
})
export type Flight = typeof Flight.Type

/** The payload of a click on a flight: which one, out of which, and for which leg. */
export const FlightChoice = Schema.Struct({
  id: Schema.String,
  options: Schema.Array(Flight),
  leg: Schema.Literals(["outbound", "return"])
})
export type FlightChoice = typeof FlightChoice.Type

export const flightsBetween = (from: string, to: string): ReadonlyArray<Flight> =>
  ["07:05", "12:40", "18:15"].map((departs, i) => ({
    id: `${from}-${to}-${i + 1}`,
    flight: `FJ ${510 + 2 * i}`,
    from,
    to,
    departs
  }))

/** Without a choice each flight can be clicked; with one, it alone is left. */
export const flightList = (
  options: ReadonlyArray<Flight>,
  leg: FlightChoice["leg"],
  chosen?: Flight
) =>
  ListView.make({
    children: (chosen === undefined ? options : [chosen]).map((option) =>
      ListViewItem.make({
        key: option.id,
        ...(chosen === undefined
          ? {
              onClickAction: ActionConfig.make({
                type: "flight.select",
                payload: { id: option.id, options, leg }
              })
            }
          : {}),
        children: [
          Row.make({
            border: 1,
            padding: 2,
            children: [
              Text.make({
                value: `${chosen === undefined ? "" : "✓ "}${option.flight}, ${option.from} to ${option.to}, ${option.departs}`
              })
            ]
          })
        ]
      })
    )
  })
