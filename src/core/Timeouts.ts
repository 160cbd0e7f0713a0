import { Context } from "effect"

/**
 * How long the server waits before it calls silence an outage, in milliseconds. Nobody should wait
 * two seconds for a 503, so `request`, the database work from authentication to the first byte of
 * the answer, stays below that. `statement`, for one statement or transaction, stays below half of
 * it, so that a request behind a stuck statement still gets its turn.
 */
export const Timeouts = Context.Reference<{
  readonly statement: number
  readonly request: number
  /** For a place at the database, so that a crowd is refused at the door and not in the middle. */
  readonly admission: number
}>("effect-chatkit/core/Timeouts", {
  defaultValue: () => ({ statement: 800, request: 1_700, admission: 250 })
})
