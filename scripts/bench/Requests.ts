import { Effect } from "effect"
import { assertAnswers } from "./Answers.ts"
import { type Bench, BenchFailed, say } from "./Bench.ts"
import { load } from "./Load.ts"
import { cpuOf, each } from "./Processes.ts"
import { measure } from "./Rounds.ts"
import { type Running, startServer } from "./Running.ts"
import type { Server } from "./Servers.ts"

/** One request, sent in one way to several servers. */
export interface RequestLine {
  readonly workload: string
  readonly title: string
  readonly servers: ReadonlyArray<Server>
  readonly connections: number
  /** Every answer should have this status. */
  readonly status: number
  readonly tokens: (server: Server, round: number) => ReadonlyArray<string>
  /** Each token may be sent only once. */
  readonly once: boolean
}

/** Sends requests for a while, or until there were `limit`, however long that takes. */
export const visit = (
  { extent }: Bench,
  { connections, once, status, title, tokens }: RequestLine,
  { server, url }: Running,
  round: number,
  limit?: number
) => {
  const often = limit ?? (once ? extent.slice : undefined)
  const seconds = limit === undefined ? extent.seconds : 10
  const list = tokens(server, round)
  return load({ url, tokens: list, connections, status, seconds, limit: often }).pipe(
    Effect.mapError(
      ({ message }) => new BenchFailed({ message: `${title}, ${server.name}: ${message}` })
    )
  )
}

/** Starts all servers of these lines, compares their answers, warms them up and measures them. */
export const measureRequests = Effect.fnUntraced(function* (
  bench: Bench,
  lines: ReadonlyArray<RequestLine>
) {
  const { leadIn, rounds, warmUp } = bench.extent
  const all = new Map<Server, Running>()
  for (const server of new Set(lines.flatMap(({ servers }) => servers))) {
    yield* say(`comparing answers: ${server.name}`)
    const running = yield* startServer(bench, server)
    yield* assertAnswers(running, bench.keys)
    all.set(server, running)
  }
  for (const line of lines) {
    for (const running of line.servers.flatMap((server) => all.get(server) ?? [])) {
      yield* say(`${line.title}, warming up: ${running.server.name}`)
      yield* visit(bench, line, running, 0, warmUp)
    }
  }
  const visited = (line: RequestLine) =>
    Effect.fnUntraced(function* (server: Server, round: number) {
      const running = all.get(server)
      if (running === undefined) return {}
      // Servers remember tokens for a minute, and the other servers' turns take longer. A token
      // that may be sent only once cannot be remembered.
      if (!line.once) yield* visit(bench, line, running, round, leadIn)
      const before = cpuOf(running.pid)
      const { p50, p99, requests, seconds } = yield* visit(bench, line, running, round)
      const cpu = each(before, cpuOf(running.pid), requests)
      return { requestsPerSecond: requests / seconds, p50, p99, cpu }
    })
  return yield* measure(
    lines.map((line) => ({ ...line, visit: visited(line) })),
    rounds
  )
}, Effect.scoped)
