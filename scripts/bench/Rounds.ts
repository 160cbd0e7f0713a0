import { type Bench, median } from "./Bench.ts"
import { cpuOf } from "./Processes.ts"
import type { Load } from "./Load.ts"
import type { Fleet, Running, Server } from "./Servers.ts"

/** One request, sent in one way to several servers. */
export interface Line {
  readonly workload: string
  readonly title: string
  readonly connections: number
  /** What every answer should be. */
  readonly status: number
  readonly servers: ReadonlyArray<Server>
  /** The file of tokens for this server in this round. */
  readonly tokens: (server: Server, round: number) => string
  /** Whether each token may be sent only once. */
  readonly once: boolean
}

export interface Sample {
  readonly requestsPerSecond: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  /** Microseconds of the server's process for each request. */
  readonly cpu: number | undefined
}

export interface Measured {
  readonly line: Line
  readonly samples: ReadonlyMap<Server, ReadonlyArray<Sample>>
}

/** A server that answers otherwise than it should is not measured. */
const check = (line: Line, { server }: Running, { failed, requests, unexpected }: Load) => {
  const name = `${line.title}, ${server.name}`
  if (requests === 0) throw new Error(`${name}: no request was answered`)
  if (failed > 0) throw new Error(`${name}: ${failed} requests were not answered`)
  if (unexpected > 0) {
    throw new Error(`${name}: ${unexpected} of ${requests} answers were not ${line.status}`)
  }
}

export const visit = async (
  bench: Bench,
  line: Line,
  running: Running,
  round: number,
  limit?: number
): Promise<Load> => {
  const atMost = limit ?? (line.once ? bench.extent.slice : undefined)
  const load = await bench.generator.run({
    url: running.url,
    tokens: line.tokens(running.server, round),
    connections: line.connections,
    status: line.status,
    // A number of requests takes as long as it takes.
    seconds: limit === undefined ? bench.extent.seconds : 10,
    ...(atMost === undefined ? {} : { limit: atMost })
  })
  check(line, running, load)
  return load
}

const rotated = <A>(list: ReadonlyArray<A>, by: number): ReadonlyArray<A> => [
  ...list.slice(by % list.length),
  ...list.slice(0, by % list.length)
]

/** Round 0 warms up and is thrown away; then each round visits every server on every line. */
export const measure = async (
  bench: Bench,
  fleet: Fleet,
  lines: ReadonlyArray<Line>
): Promise<ReadonlyArray<Measured>> => {
  const all = lines.map((line) => ({
    line,
    samples: new Map(line.servers.map((server): [Server, Array<Sample>] => [server, []]))
  }))
  // A server that runs for one visit only is warmed up at that visit.
  for (let round = bench.embedded ? 1 : 0; round <= bench.extent.rounds; round++) {
    for (const { line, samples } of all) {
      for (const server of rotated(line.servers, round)) {
        const name = `${line.title}, ${server.name}`
        bench.say(
          round === 0 ? `warming up: ${name}` : `round ${round} of ${bench.extent.rounds}: ${name}`
        )
        await fleet.use(server, async (running) => {
          if (round === 0) return void (await visit(bench, line, running, 0, bench.extent.warmUp))
          // What a minute of other servers has cooled down is warm again: tokens are remembered
          // for as long. One that may be sent only once has nothing to be warmed up with.
          const isCold = line.once && !bench.embedded
          if (!isCold) await visit(bench, line, running, 0, bench.extent.leadIn)
          const before = cpuOf(running.pid)
          const load = await visit(bench, line, running, round)
          const after = cpuOf(running.pid)
          samples.get(server)?.push({
            requestsPerSecond: load.requests / load.seconds,
            p50: load.p50,
            p99: load.p99,
            cpu:
              before === undefined || after === undefined
                ? undefined
                : (after - before) / load.requests
          })
        })
      }
    }
  }
  return all
}

type Figure = keyof Sample

/** The median over the rounds. */
export const figure = (measured: Measured, server: Server, of: Figure): number | undefined => {
  const found = (measured.samples.get(server) ?? []).map((sample) => sample[of])
  const known = found.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : median(known)
}

/** The median of each round's ratio: what drifts in between is in both of a round's figures. */
export const ratio = (
  measured: Measured,
  above: Server,
  below: Server,
  of: Figure
): number | undefined => {
  const bottom = measured.samples.get(below) ?? []
  const ratios = (measured.samples.get(above) ?? []).flatMap((sample, round) => {
    const [over, under] = [sample[of], bottom[round]?.[of]]
    return over === undefined || under === undefined || under === 0 ? [] : [over / under]
  })
  return ratios.length === 0 ? undefined : median(ratios)
}
