import { Effect } from "effect"
import { ask, path } from "./Ask.ts"
import { type Bench, BenchFailed } from "./Bench.ts"
import { checkedText, modelServer } from "./ModelServer.ts"
import { createThread, openStreams } from "./OpenStreams.ts"
import { cpuOf, each } from "./Processes.ts"
import { measure } from "./Rounds.ts"
import { type Running, startServer } from "./Running.ts"
import type { Server } from "./Servers.ts"
import { mint, spread } from "./Tokens.ts"

const streams = 100

/** Whatever the model says has to arrive: only then are two servers compared. */
const assertPassesOn = Effect.fnUntraced(function* ({ server, url }: Running, token: string) {
  const { status, text } = yield* ask(url + path, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: createThread("check")
  })
  const deltas = Array.from(text.matchAll(/"delta":"([^"]*)"/g), ([, delta]) => delta).join("")
  if (status === 200 && deltas === checkedText) return
  return yield* new BenchFailed({
    message: `${server.name} answers ${status} and passes on "${deltas}", not "${checkedText}"`
  })
})

const visit = Effect.fnUntraced(function* (
  bench: Bench,
  server: Server,
  tokens: ReadonlyArray<string>
) {
  const model = yield* modelServer
  const env = { ...server.env, MODEL: "loopback", MODEL_URL: model.url, TITLE_MODEL: "off" }
  const running = yield* startServer(bench, { ...server, env })
  const { pid, url } = running
  yield* assertPassesOn(running, tokens[0] ?? "")
  const counts = yield* openStreams(url, tokens)
  model.speak(true)
  yield* Effect.sleep("3 seconds")
  const [before, began, cpu] = [counts.events, performance.now(), cpuOf(pid)]
  yield* Effect.sleep(`${bench.extent.streamSeconds} seconds`)
  const [events, ended] = [counts.events - before, performance.now()]
  if (counts.broken > 0 || events === 0) {
    const message = `${server.name}: ${counts.broken} streams ended early, ${events} deltas came`
    return yield* new BenchFailed({ message })
  }
  return {
    eventsPerSecond: events / ((ended - began) / 1000),
    cpuPerEvent: each(cpu, cpuOf(pid), events)
  }
}, Effect.scoped)

/** A hundred answers of a model, from its socket to the clients' sockets. */
export const measureModel = (bench: Bench, servers: ReadonlyArray<Server>) => {
  const { streamRounds, users } = bench.extent
  const tokens = Array.from({ length: streams }, (_, k) =>
    mint(bench.keys, "EdDSA", spread(k, users))
  )
  const line = { workload: "m", title: "model deltas", servers }
  return measure([{ ...line, visit: (server) => visit(bench, server, tokens) }], streamRounds)
}
