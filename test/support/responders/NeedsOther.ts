import { Context, Effect, Layer } from "effect"
import { Responder } from "effect-chatkit"

class Other extends Context.Service<Other, { readonly shape: Responder["Service"] }>()(
  "app/Other"
) {}

export default Layer.effect(
  Responder,
  Effect.map(Other, ({ shape }) => shape)
)
