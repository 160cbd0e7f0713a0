import { Layer } from "effect"
import { ModelResponder } from "effect-chatkit"

/** A responder that stands on the model that the settings name. */
export default Layer.mergeAll(ModelResponder.layer({ instructions: "Be a pirate" }))
