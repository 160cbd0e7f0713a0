import { Effect } from "effect"
import { type Bench, BenchFailed } from "./Bench.ts"
import { openStreams } from "./OpenStreams.ts"
import { cpuOf, each, residentOf } from "./Processes.ts"
import { measure, type Sample } from "./Rounds.ts"
import { type Server, startServer } from "./Servers.ts"
import { mint, spread } from "./Tokens.ts"

export const streams = 1_000

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
  const { pid, url } = yield* startServer(bench, server)
  const toggleSpeaking = Effect.sync(() => process.kill(pid, "SIGUSR2"))
  // As many once before: the memory that only the first streams need does not count.
  yield* Effect.gen(function* () {
    yield* openStreams(url, tokens)
    yield* toggleSpeaking
    yield* Effect.sleep("3 seconds")
    yield* toggleSpeaking
  }).pipe(Effect.scoped)
  yield* Effect.sleep("1 second")
  yield* idle(pid)

  const memory = residentOf(pid)
  const counts = yield* openStreams(url, tokens)
  yield* toggleSpeaking
  yield* Effect.sleep("1 second")
  const [events, began, cpu] = [counts.events, performance.now(), cpuOf(pid)]
  yield* Effect.sleep(`${bench.extent.streamSeconds} seconds`)
  const [counted, ended] = [counts.events - events, performance.now()]
  const sample: Sample = {
    eventsPerSecond: counted / ((ended - began) / 1000),
    cpuPerEvent: each(cpu, cpuOf(pid), counted),
    memory: each(memory, residentOf(pid), tokens.length),
    repeated: counts.repeated
  }
  const { broken } = counts
  if (broken > 0) return yield* failed(server, `${broken} streams ended before their time`)
  if (counted === 0) return yield* failed(server, "not one event arrived")
  return sample
}, Effect.scoped)

const failed = ({ name }: Server, message: string) =>
  new BenchFailed({ message: `${name}: ${message}` })

/** Many open turns with ten words a second each. */
export const measureStreams = (bench: Bench, servers: ReadonlyArray<Server>) => {
  const { rounds, seconds, users } = {
    rounds: bench.extent.streamRounds,
    seconds: bench.extent.streamSeconds + 180,
    users: bench.extent.users
  }
  const tokens = Array.from({ length: streams }, (_, k) =>
    mint(bench.keys, "EdDSA", spread(k, users))
  )
  const speaking = { BENCH_STREAM_SECONDS: String(seconds) }
  return measure(
    [
      {
        workload: "g",
        title: "streams",
        servers: servers.map((server) => ({ ...server, env: { ...server.env, ...speaking } })),
        visit: (server) => visit(bench, server, tokens)
      }
    ],
    rounds
  )
}
