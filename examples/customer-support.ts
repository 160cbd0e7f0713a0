import { Effect, Layer } from "effect"
import { ModelResponder } from "effect-chatkit"
import { actions } from "./customer-support/Actions.ts"
import { Profiles } from "./customer-support/Profiles.ts"
import { Handlers, stopAt, Tools } from "./customer-support/Tools.ts"

const instructions = [
  "You are the concierge of Fjord Air, an airline. Be friendly and brief.",
  "Use the tools to change a seat, cancel the trip, add a bag or ask for assistance, and say what you did.",
  "When the customer wants a meal or a new flight, show the list instead of describing it.",
  "Do not invent flights or prices. For anything else, say that a colleague will call."
].join("\n")

/** The concierge of an airline: `RESPONDER=./examples/customer-support.ts MODEL=… npm start`. */
export default Layer.unwrap(
  Effect.gen(function* () {
    const profiles = yield* Profiles
    const toolkit = yield* Tools
    return ModelResponder.layer({
      instructions,
      toolkit,
      stopAt,
      temperature: 0.4,
      context: () =>
        Effect.map(profiles.mine, (profile) => [
          { role: "user" as const, content: `The customer's record: ${JSON.stringify(profile)}` }
        ]),
      responder: { action: yield* actions }
    })
  })
).pipe(Layer.provide(Handlers), Layer.provide(Profiles.layer))
