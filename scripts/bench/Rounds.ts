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

export interface ServerResult {
  readonly server: string
  readonly median: Sample
  /** The first server ÷ this one: the median of each round's ratio, which a drift hardly moves. */
  readonly ratio: Sample
  readonly rounds: ReadonlyArray<Sample>
}

export interface LineResult {
  readonly workload: string
  readonly title: string
  readonly servers: ReadonlyArray<ServerResult>
}

const median = (numbers: ReadonlyArray<number>): number | undefined => {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  const [low, high] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]]
  return low === undefined || high === undefined ? undefined : (low + high) / 2
}

const names = Object.keys(figures) as ReadonlyArray<Figure>

const sampleOf = (of: (figure: Figure) => number | undefined): Sample =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = of(name)
      return value === undefined ? [] : [[name, value]]
    })
  )

const medians = (samples: ReadonlyArray<Sample>) =>
  sampleOf((figure) =>
    median(samples.map((sample) => sample[figure]).filter((value) => value !== undefined))
  )

const divided = (above: Sample, below: Sample) =>
  sampleOf((figure) => {
    const [over, under] = [above[figure], below[figure]]
    return over === undefined || under === undefined || under === 0 ? undefined : over / under
  })

const rotated = <A>(list: ReadonlyArray<A>, by: number): ReadonlyArray<A> => [
  ...list.slice(by % list.length),
  ...list.slice(0, by % list.length)
]

/**
 * Every round visits every server on every line, each time beginning with another server, so that
 * what else the machine does affects all of them alike.
 */
export const measure = <E, R>(lines: ReadonlyArray<Line<E, R>>, rounds: number) =>
  Effect.gen(function* () {
    const all = lines.map((line) => ({
      line,
      visited: line.servers.map((server) => ({ server, samples: new Array<Sample>() }))
    }))
    for (let round = 1; round <= rounds; round++) {
      for (const { line, visited } of all) {
        for (const { samples, server } of rotated(visited, round)) {
          yield* say(`${line.title}, round ${round} of ${rounds}: ${server.name}`)
          samples.push(yield* line.visit(server, round))
        }
      }
    }
    return all.map(({ line: { title, workload }, visited }): LineResult => ({
      workload,
      title,
      servers: visited.map(({ samples, server }) => {
        const first = visited[0]?.samples ?? []
        return {
          server: server.name,
          median: medians(samples),
          ratio: medians(samples.map((sample, round) => divided(first[round] ?? {}, sample))),
          rounds: samples
        }
      })
    }))
  })
