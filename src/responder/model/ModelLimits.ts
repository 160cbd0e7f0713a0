import { Context } from "effect"

/** The bounds of answers from a model; the server sets them from its settings. */
export const ModelLimits = Context.Reference<{
  /** Items of the thread that the model is shown. */
  readonly history: number
  /** Times that the model is asked for one answer. */
  readonly rounds: number
  /** Tokens that one answer may use, what it reads included. */
  readonly turnTokens: number
  /** Tokens that one user may use in a day (UTC); 0 means no limit. */
  readonly dailyTokens: number
  /** Milliseconds to the first event of a request, between two events, and for a whole answer. */
  readonly firstEvent: number
  readonly idle: number
  readonly turn: number
}>("effect-chatkit/responder/model/ModelLimits", {
  defaultValue: () => ({
    history: 50,
    rounds: 10,
    turnTokens: 200_000,
    dailyTokens: 0,
    firstEvent: 60_000,
    idle: 60_000,
    turn: 600_000
  })
})
