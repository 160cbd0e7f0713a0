import { Effect } from "effect"
import { type Bench, BenchFailed } from "./Bench.ts"
import { openStreams } from "./OpenStreams.ts"
import { cpuOf, each, residentOf } from "./Processes.ts"
import { measure } from "./Rounds.ts"
import { startServer } from "./Running.ts"
import type { Server } from "./Servers.ts"
import { mint, spread } from "./Tokens.ts"

/** A thousand turns that are cancelled leave work behind. */
const idle = Effect.fnUntraced(function* (pid: number) {
  for (let tries = 0; tries < 40; tries++) {
    const before = cpuOf(pid)
    yield* Effect.sleep("500 millis")
    if ((each(before, cpuOf(pid), 1) ?? 0) < 50_000) return
  }
})

const visit = Effect.fnUntraced(function* (
  bench: Bench,
  server: Server,
  tokens: ReadonlyArray<string>
) {
  const env = { ...server.env, BENCH_STREAM_SECONDS: String(bench.extent.streamSeconds + 180) }
  const { pid, url } = yield* startServer(bench, { ...server, env })
  const toggleSpeaking = Effect.sync(() => process.kill(pid, "SIGUSR2"))
  // As many once before: the memory that only the first streams need does not count.
  yield* openStreams(url, tokens).pipe(
    Effect.andThen(toggleSpeaking),
    Effect.andThen(Effect.sleep("3 seconds")),
    Effect.andThen(toggleSpeaking),
    Effect.scoped
  )
  yield* Effect.sleep("1 second")
  yield* idle(pid)

  const memory = residentOf(pid)
  const counts = yield* openStreams(url, tokens)
  yield* toggleSpeaking
  yield* Effect.sleep("1 second")
  const [before, began, cpu] = [counts.events, performance.now(), cpuOf(pid)]
  yield* Effect.sleep(`${bench.extent.streamSeconds} seconds`)
  const [events, ended] = [counts.events - before, performance.now()]
  if (counts.broken > 0 || events === 0) {
    const message = `${server.name}: ${counts.broken} streams ended early, ${events} events came`
    return yield* new BenchFailed({ message })
  }
  return {
    eventsPerSecond: events / ((ended - began) / 1000),
    cpuPerEvent: each(cpu, cpuOf(pid), events),
    memory: each(memory, residentOf(pid), tokens.length),
    repeated: counts.repeated
  }
}, Effect.scoped)

/** A thousand open turns with ten words a second each. */
export const measureStreams = (bench: Bench, servers: ReadonlyArray<Server>) => {
  const { streamRounds, users } = bench.extent
  const tokens = Array.from({ length: 1_000 }, (_, k) =>
    mint(bench.keys, "EdDSA", spread(k, users))
  )
  const line = { workload: "g", title: "streams", servers }
  return measure([{ ...line, visit: (server) => visit(bench, server, tokens) }], streamRounds)
}
