import { Effect } from "effect"
import { assertAnswers } from "./Answers.ts"
import { type Bench, BenchFailed, say } from "./Bench.ts"
import { load } from "./Load.ts"
import { cpuOf, each } from "./Processes.ts"
import { measure, type Sample } from "./Rounds.ts"
import { type Running, type Server, startServer } from "./Servers.ts"

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
) =>
  load({
    url,
    tokens: tokens(server, round),
    connections,
    status,
    seconds: limit === undefined ? extent.seconds : 10,
    limit: limit ?? (once ? extent.slice : undefined)
  }).pipe(
    Effect.mapError(
      ({ message }) => new BenchFailed({ message: `${title}, ${server.name}: ${message}` })
    )
  )

const measured = Effect.fnUntraced(function* (
  bench: Bench,
  line: RequestLine,
  running: Running,
  round: number
) {
  // Servers remember tokens for a minute, and the other servers' turns take longer. A token that
  // may be sent only once cannot be remembered.
  if (!line.once) yield* visit(bench, line, running, round, bench.extent.leadIn)
  const before = cpuOf(running.pid)
  const { p50, p99, requests, seconds } = yield* visit(bench, line, running, round)
  const cpu = each(before, cpuOf(running.pid), requests)
  return { requestsPerSecond: requests / seconds, p50, p99, cpu } satisfies Sample
})

/** Starts all servers of these lines, compares their answers, warms them up and measures them. */
export const measureRequests = (bench: Bench, lines: ReadonlyArray<RequestLine>) =>
  Effect.gen(function* () {
    const all = new Map<Server, Running>()
    for (const server of new Set(lines.flatMap(({ servers }) => servers))) {
      yield* say(`comparing answers: ${server.name}`)
      const running = yield* startServer(bench, server)
      yield* assertAnswers(running, bench.keys)
      all.set(server, running)
    }
    const visitable = lines.map((line) => ({
      ...line,
      visit: (server: Server, round: number) => {
        const running = all.get(server)
        return running === undefined
          ? new BenchFailed({ message: `${server.name} was not started` })
          : round === 0
            ? Effect.as(visit(bench, line, running, 0, bench.extent.warmUp), {})
            : measured(bench, line, running, round)
      }
    }))
    for (const { servers, title, visit } of visitable) {
      for (const server of servers) {
        yield* say(`${title}, warming up: ${server.name}`)
        yield* visit(server, 0)
      }
    }
    return yield* measure(visitable, bench.extent.rounds)
  }).pipe(Effect.scoped)
