import { Context } from "effect"

/**
 * How long the server waits before it calls silence an outage, in milliseconds. Nobody is to wait
 * two seconds for a 503, so `request`, from the question who asks to the first byte of the
 * answer, stays below that; and one statement or transaction well below half of it, so that a
 * request behind a stuck statement still gets its turn.
 */
export const Timeouts = Context.Reference<{
  readonly statement: number
  readonly request: number
}>("effect-chatkit/core/Timeouts", {
  defaultValue: () => ({ statement: 800, request: 1_700 })
})
