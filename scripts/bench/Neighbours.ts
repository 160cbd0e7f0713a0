import { Worker } from "node:worker_threads"
import { Effect } from "effect"
import type { Abuse, Abusing } from "./Abuser.ts"
import { ask, path } from "./Ask.ts"
import { type Bench, BenchFailed } from "./Bench.ts"
import { createThread } from "./OpenStreams.ts"
import { paced } from "./Pace.ts"
import { measure } from "./Rounds.ts"
import { startServer } from "./Running.ts"
import { deployed, type Server } from "./Servers.ts"
import { mint } from "./Tokens.ts"

const lines: ReadonlyArray<readonly [title: string, abuses: ReadonlyArray<Abuse>]> = [
  ["heavy bodies", ["heavy bodies"]],
  ["large pages", ["large pages"]],
  ["open bodies", ["open bodies"]],
  ["all three", ["heavy bodies", "large pages", "open bodies"]]
]

/** Threads of the ordinary user: two messages never meet in one. */
const threads = 8
/** Messages of a megabyte; the playground's echo of each is another one. */
const largeMessages = 20
const largeText = "x".repeat(1_000_000)

/** Sends a message and gives the id of its thread once it is answered. */
const say = Effect.fnUntraced(function* (url: string, token: string, body: string) {
  const { status, text } = yield* ask(url + path, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body
  })
  const threadId = /"(thr_[^"]+)"/.exec(text)?.[1]
  if (status === 200 && threadId !== undefined) return threadId
  return yield* new BenchFailed({ message: `a message was answered ${status}` })
})

const addMessage = (thread_id: string, text: string) => {
  const input = { content: [{ type: "input_text", text }], attachments: [], inference_options: {} }
  return JSON.stringify({ type: "threads.add_user_message", params: { thread_id, input } })
}

const listItems = (thread_id: string) =>
  JSON.stringify({ type: "items.list", params: { thread_id } })

const listThreads = JSON.stringify({ type: "threads.list", params: {} })

/** One more user, who does what no client does, until the scope closes. */
const abuse = (abusing: Abusing) =>
  Effect.acquireRelease(
    Effect.sync(() => new Worker(new URL("./Abuser.ts", import.meta.url), { workerData: abusing })),
    (worker) => Effect.promise(() => worker.terminate())
  )

/** An ordinary user, alone and beside an abusive one, on a server with the limits it has by default. */
export const measureNeighbours = Effect.fnUntraced(function* (bench: Bench, database: string) {
  const server = { ...deployed(database), defaultLimits: true }
  const [ordinary, abusive] = [mint(bench.keys, "EdDSA", 7), mint(bench.keys, "EdDSA", 8)]
  const { url } = yield* startServer(bench, server)

  const large = yield* say(url, abusive, createThread(largeText))
  for (let k = 1; k < largeMessages; k++) yield* say(url, abusive, addMessage(large, largeText))
  const small: Array<string> = []
  for (let k = 0; k < threads; k++) small.push(yield* say(url, ordinary, createThread("Hello")))
  const bodies = small.flatMap((id) => [listThreads, listItems(id), addMessage(id, "And now?")])

  const beside: Server = { ...server, name: "beside an abusive one" }
  const alone: Server = { ...server, name: "alone" }
  const visit = (abuses: ReadonlyArray<Abuse>) =>
    Effect.fnUntraced(function* (server: Server) {
      if (server === beside) yield* abuse({ url, token: abusive, threadId: large, abuses })
      yield* Effect.sleep("1 second")
      return yield* paced({ url, token: ordinary, seconds: bench.extent.pacedSeconds, bodies })
    }, Effect.scoped)
  return yield* measure(
    lines.map(([title, abuses]) => ({
      workload: "n",
      title,
      servers: [beside, alone],
      visit: visit(abuses)
    })),
    bench.extent.rounds
  )
}, Effect.scoped)
