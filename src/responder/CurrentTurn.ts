import { Context } from "effect"
import type { Turn } from "./Turn.ts"

/**
 * The turn that a tool of the model runs in, for tools that emit events, read attachments or know
 * the language of the person. Only the model responder provides it.
 */
export class CurrentTurn extends Context.Service<CurrentTurn, Turn>()(
  "effect-chatkit/responder/CurrentTurn"
) {}
