import { figure, type Measured, ratio, type Sample } from "./Rounds.ts"
import { ours } from "./Servers.ts"
import type { Statements } from "./Statements.ts"

/** One server on one line: medians over the rounds. */
export interface ServerResult {
  readonly server: string
  readonly requestsPerSecond: number | undefined
  /** Milliseconds. */
  readonly p50: number | undefined
  readonly p99: number | undefined
  /** Microseconds for each request. */
  readonly cpu: number | undefined
  /** For each request. */
  readonly statements: number | undefined
  /** The first server of the line ÷ this one, the median of each round's. */
  readonly ratio: { readonly [K in keyof Sample]: number | undefined }
  readonly rounds: ReadonlyArray<Sample>
}

export interface LineResult {
  readonly workload: string
  readonly title: string
  readonly connections: number
  readonly servers: ReadonlyArray<ServerResult>
}

export interface StreamResult {
  readonly server: string
  readonly eventsPerSecond: number
  /** How often a stream was answered 503 and asked for again. */
  readonly repeated: number
  /** Microseconds for each event. */
  readonly cpu: number | undefined
  /** KiB for each open stream. */
  readonly memory: number | undefined
  /** CPU for each event of the first server ÷ this one's, the median of each round's. */
  readonly ratio: number | undefined
}

export interface StartResult {
  readonly server: string
  /** Milliseconds from being started to the first good answer. */
  readonly ready: number
  /** MiB resident, two seconds later. */
  readonly idle: number | undefined
}

export interface Results {
  readonly date: string
  readonly machine: Readonly<Record<string, string>>
  readonly options: Readonly<Record<string, string | number | boolean>>
  readonly notes: ReadonlyArray<string>
  readonly lines: ReadonlyArray<LineResult>
  readonly variants: ReadonlyArray<LineResult>
  readonly growth: ReadonlyArray<LineResult>
  readonly streams: ReadonlyArray<StreamResult>
  readonly starts: ReadonlyArray<StartResult>
}

export const resultOf = (measured: Measured, statements?: Statements): LineResult => {
  const { line, samples } = measured
  const first = line.servers[0] ?? ours
  return {
    workload: line.workload,
    title: line.title,
    connections: line.connections,
    servers: line.servers.map((server) => ({
      server: server.name,
      requestsPerSecond: figure(measured, server, "requestsPerSecond"),
      p50: figure(measured, server, "p50"),
      p99: figure(measured, server, "p99"),
      cpu: figure(measured, server, "cpu"),
      statements: statements?.get(line)?.get(server),
      ratio: {
        requestsPerSecond: ratio(measured, first, server, "requestsPerSecond"),
        p50: ratio(measured, first, server, "p50"),
        p99: ratio(measured, first, server, "p99"),
        cpu: ratio(measured, first, server, "cpu")
      },
      rounds: samples.get(server) ?? []
    }))
  }
}
