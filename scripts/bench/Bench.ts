import { Console, Effect, Schema } from "effect"
import type { Keys } from "./Tokens.ts"

/** A part of the benchmark could not be measured; the message says why. */
export class BenchFailed extends Schema.TaggedError<BenchFailed>()("BenchFailed", {
  message: Schema.String
}) {}

/** How much is measured: enough for figures, or just enough to see that everything works. */
export interface Extent {
  readonly rounds: number
  /** Of one visit. */
  readonly seconds: number
  /** Tokens that one visit of a cold line may use. */
  readonly slice: number
  /** Requests to each server before the first round. */
  readonly warmUp: number
  /** Requests before each visit that is measured. */
  readonly leadIn: number
  readonly users: number
  /** The larger table of workload f. */
  readonly mostUsers: number
  readonly streamRounds: number
  readonly streamSeconds: number
  readonly starts: number
  /** Of one visit by an ordinary user. */
  readonly pacedSeconds: number
}

export interface Bench {
  /** Belongs to this run alone and disappears with it. */
  readonly directory: string
  readonly keys: Keys
  readonly extent: Extent
}

/** Progress, on standard error. */
export const say = (text: string): Effect.Effect<void> =>
  Effect.suspend(() =>
    Console.error(`${`${Math.round(performance.now() / 1000)} s`.padStart(7)}  ${text}`)
  )
