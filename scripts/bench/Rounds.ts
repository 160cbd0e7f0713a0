import { Effect } from "effect"
import { say } from "./Bench.ts"
import type { Server } from "./Servers.ts"

/** Everything that is measured: its heading, and how many decimal places are shown. */
export const figures = {
  requestsPerSecond: ["requests/s", 0],
  p50: ["p50 ms", 2],
  p99: ["p99 ms", 2],
  cpu: ["CPU µs/request", 0],
  statements: ["statements/request", 3],
  eventsPerSecond: ["events/s", 0],
  cpuPerEvent: ["CPU µs/event", 1],
  memory: ["KiB/stream", 1],
  repeated: ["503, asked again", 0],
  failed: ["failed", 0],
  ready: ["ready after ms", 0],
  idle: ["idle MiB", 0]
} as const satisfies Readonly<Record<string, readonly [heading: string, decimals: number]>>

export type Figure = keyof typeof figures

/** One visit to one server, or the medians of several. */
export type Sample = { readonly [K in Figure]?: number | undefined }

/** One thing that several servers do in turn. */
export interface Line<E, R> {
  /** The letter of `--only`. */
  readonly workload: string
  readonly title: string
  /** The first is compared with all others. */
  readonly servers: ReadonlyArray<Server>
  readonly visit: (server: Server, round: number) => Effect.Effect<Sample, E, R>
}

export interface LineResult {
  readonly workload: string
  readonly title: string
  readonly servers: ReadonlyArray<{
    readonly server: string
    readonly median: Sample
    /** The first server ÷ this one: the median of each round's ratio, which drift hardly moves. */
    readonly ratio: Sample
    readonly rounds: ReadonlyArray<Sample>
  }>
}

const median = (values: ReadonlyArray<number | undefined>): number | undefined => {
  const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  const [low, high] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]]
  return low === undefined || high === undefined ? undefined : (low + high) / 2
}

const medians = (
  samples: ReadonlyArray<Sample>,
  of = (sample: Sample, figure: Figure, _round: number) => sample[figure]
): Sample => {
  const found: { [K in Figure]?: number | undefined } = {}
  for (const figure of Object.keys(figures) as Array<Figure>) {
    found[figure] = median(samples.map((sample, round) => of(sample, figure, round)))
  }
  return found
}

const divided = (above = NaN, below = NaN) =>
  Number.isFinite(above / below) ? above / below : undefined

const rotated = <A>(list: ReadonlyArray<A>, by: number): ReadonlyArray<A> => [
  ...list.slice(by % list.length),
  ...list.slice(0, by % list.length)
]

/**
 * Every round visits every server on every line, each time beginning with another server, so that
 * whatever else the machine does affects all of them alike.
 */
export const measure = Effect.fnUntraced(function* <E, R>(
  lines: ReadonlyArray<Line<E, R>>,
  rounds: number
) {
  const samples = lines.map(({ servers }) => servers.map(() => new Array<Sample>()))
  for (let round = 1; round <= rounds; round++) {
    for (const [i, { servers, title, visit }] of lines.entries()) {
      for (const [j, server] of rotated([...servers.entries()], round)) {
        yield* say(`${title}, round ${round} of ${rounds}: ${server.name}`)
        samples[i]?.[j]?.push(yield* visit(server, round))
      }
    }
  }
  return lines.map(({ servers, title, workload }, i): LineResult => {
    const first = samples[i]?.[0] ?? []
    const resultOf = ({ name }: Server, rounds: ReadonlyArray<Sample> = []) => ({
      server: name,
      median: medians(rounds),
      ratio: medians(rounds, (sample, figure, round) =>
        divided(first[round]?.[figure], sample[figure])
      ),
      rounds
    })
    return {
      workload,
      title,
      servers: servers.map((server, j) => resultOf(server, samples[i]?.[j]))
    }
  })
})
