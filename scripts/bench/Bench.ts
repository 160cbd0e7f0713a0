import type { Cleanup } from "./Cleanup.ts"
import type { LoadGenerator } from "./Load.ts"
import type { Keys } from "./Tokens.ts"

/** How much of everything: enough for figures, or enough to see that all of it works. */
export interface Extent {
  readonly rounds: number
  readonly seconds: number
  /** Tokens a cold run may use. */
  readonly slice: number
  /** Requests that make a server warm. */
  readonly warmUp: number
  /** Requests before each visit that is measured. */
  readonly leadIn: number
  readonly users: number
  readonly mostUsers: number
  readonly streamRounds: number
  readonly streamSeconds: number
  readonly starts: number
}

/** What every part of the benchmark works with. */
export interface Bench {
  readonly cleanup: Cleanup
  /** Of this run alone; tokens and the servers' output are in it. */
  readonly directory: string
  readonly generator: LoadGenerator
  readonly keys: Keys
  readonly extent: Extent
  /** The embedded database has one connection, so one server at a time may run. */
  readonly embedded: boolean
  readonly say: (text: string) => void
}

export const median = (numbers: ReadonlyArray<number>): number => {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2
}
