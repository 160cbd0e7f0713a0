import { Effect, Layer } from "effect"
import { Responder } from "effect-chatkit"

export default Layer.effect(Responder, Effect.fail("no key for the shop"))
