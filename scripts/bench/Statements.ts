import { Effect } from "effect"
import { assertOutage } from "./Answers.ts"
import { type Bench, say } from "./Bench.ts"
import { countingProxy } from "./CountingProxy.ts"
import { type RequestLine, visit } from "./Requests.ts"
import type { LineResult } from "./Rounds.ts"
import { startServer } from "./Running.ts"
import type { Server } from "./Servers.ts"

/** Enough that the beginning, when batches are still small, does not count for much. */
const counted = 2_000

/** A server may still be working when the load has ended. */
const settled = Effect.fnUntraced(function* (count: () => number) {
  for (let before = NaN; before !== count();) {
    before = count()
    yield* Effect.sleep("150 millis")
  }
  return count()
})

const countOf = Effect.fnUntraced(function* (
  bench: Bench,
  lines: ReadonlyArray<RequestLine>,
  server: Server
) {
  const found = new Map<string, number>()
  const proxy = yield* countingProxy(server.database)
  const running = yield* startServer(bench, { ...server, database: proxy.url })
  const asked = { ...running, server }
  // Connections are opened and statements prepared before anything is counted.
  if (lines[0]) yield* visit(bench, lines[0], asked, 0, Math.ceil(bench.extent.warmUp / 4))
  for (const line of lines) {
    yield* say(`${line.title}, counting statements: ${server.name}`)
    const before = yield* settled(proxy.count)
    const { requests } = yield* visit(bench, line, asked, 1, counted)
    found.set(line.title, ((yield* settled(proxy.count)) - before) / requests)
  }
  proxy.cut()
  yield* assertOutage(running, bench.keys)
  return found
}, Effect.scoped)

/** Adds the statements for each request. They are counted apart, because counting costs time. */
export const withStatements = Effect.fnUntraced(function* (
  bench: Bench,
  lines: ReadonlyArray<RequestLine>,
  results: ReadonlyArray<LineResult>
) {
  const found = new Map<string, ReadonlyMap<string, number>>()
  for (const server of new Set(lines.flatMap(({ servers }) => servers))) {
    const own = lines.filter(({ servers }) => servers.includes(server))
    found.set(server.name, yield* countOf(bench, own, server))
  }
  return results.map((line) => ({
    ...line,
    servers: line.servers.map((result) => ({
      ...result,
      median: { ...result.median, statements: found.get(result.server)?.get(line.title) }
    }))
  }))
})
