import { fork } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { type Bench, median } from "./Bench.ts"
import { path } from "./Load.ts"
import { cpuOf, end, plainEnvironment, residentOf } from "./Processes.ts"
import type { StreamResult } from "./Results.ts"
import { ours, type Server, sse, startServer, streaming } from "./Servers.ts"
import { mint, spread } from "./Tokens.ts"

export type Command =
  | {
      readonly type: "open"
      readonly url: string
      readonly body: string
      readonly tokens: string
      readonly streams: number
    }
  | { readonly type: "count"; readonly seconds: number }
  | { readonly type: "close" }

export type Reply =
  | {
      readonly events: number
      readonly seconds: number
      readonly broken: number
      readonly repeated: number
    }
  | { readonly error: string }

const streamsOpen = 1_000
const text = { type: "input_text", text: "stream" }
const body = JSON.stringify({
  type: "threads.create",
  params: { input: { content: [text], attachments: [], inference_options: {} } }
})

/** The process that holds the other ends, and how to ask it for something. */
const startClient = (bench: Bench) => {
  const child = fork(join(import.meta.dirname, "StreamClient.ts"), {
    env: plainEnvironment({}),
    execArgv: [],
    stdio: ["ignore", "ignore", "inherit", "ipc"]
  })
  const stop = bench.cleanup.add(() => end(child))
  const ask = (command: Command, seconds = 120) =>
    new Promise<Exclude<Reply, { readonly error: string }>>((done, failed) => {
      const settle = (use: () => void) => {
        clearTimeout(timer)
        child.off("message", replied)
        child.off("exit", exited)
        use()
      }
      const replied = (message: unknown) => {
        const reply = message as Reply
        settle(() => ("error" in reply ? failed(new Error(reply.error)) : done(reply)))
      }
      const exited = () => settle(() => failed(new Error("the client of the streams has ended")))
      const timer = setTimeout(
        () => settle(() => failed(new Error(`streams: no reply to ${command.type}`))),
        seconds * 1000
      )
      child.on("message", replied)
      child.on("exit", exited)
      child.send(command)
    })
  return { ask, stop }
}

/** A thousand turns that are given up leave something to do. */
const idle = async (pid: number) => {
  for (let tries = 0; tries < 40; tries++) {
    const before = cpuOf(pid)
    await sleep(500)
    const after = cpuOf(pid)
    if (before === undefined || after === undefined || after - before < 50_000) return
  }
}

const measureOnce = async (bench: Bench, server: Server, database: string, tokens: string) => {
  const running = await startServer(bench, server, database)
  const { ask, stop } = startClient(bench)
  const open: Command = {
    type: "open",
    url: running.url + path,
    body,
    tokens,
    streams: streamsOpen
  }
  // The same 1,000 once before: what the first ones need is not what each one needs.
  const toggleSpeaking = () => process.kill(running.pid, "SIGUSR2")
  await ask(open)
  toggleSpeaking()
  await sleep(3_000)
  toggleSpeaking()
  await ask({ type: "close" })
  await sleep(1_000)
  await idle(running.pid)
  const memoryBefore = residentOf(running.pid)
  await ask(open)
  toggleSpeaking()
  await sleep(1_000)
  const cpuBefore = cpuOf(running.pid)
  const { broken, events, repeated, seconds } = await ask({
    type: "count",
    seconds: bench.extent.streamSeconds
  })
  const cpuAfter = cpuOf(running.pid)
  const memoryAfter = residentOf(running.pid)
  await stop()
  await running.stop()
  if (broken > 0) throw new Error(`${server.name}: ${broken} streams ended before their time`)
  if (events === 0) throw new Error(`${server.name}: no event came`)
  return {
    eventsPerSecond: events / seconds,
    repeated,
    cpu:
      cpuBefore === undefined || cpuAfter === undefined
        ? undefined
        : (cpuAfter - cpuBefore) / events,
    memory:
      memoryBefore === undefined || memoryAfter === undefined
        ? undefined
        : (memoryAfter - memoryBefore) / streamsOpen
  }
}

const known = (values: ReadonlyArray<number | undefined>) => {
  const numbers = values.filter((value) => value !== undefined)
  return numbers.length === 0 ? undefined : median(numbers)
}

/** Many open turns with ten words a second each, and the same from a server that does nothing else. */
export const streams = async (
  bench: Bench,
  databaseOf: (server: Server) => string,
  others: ReadonlyArray<Server> = [sse]
): Promise<ReadonlyArray<StreamResult>> => {
  const tokens = join(bench.directory, "streams.tokens")
  const token = (k: number) => mint(bench.keys, "EdDSA", spread(k, bench.extent.users))
  writeFileSync(tokens, Array.from({ length: streamsOpen }, (_, k) => token(k) + "\n").join(""))
  const found = [ours, ...others].map((server) => ({
    server,
    samples: new Array<Awaited<ReturnType<typeof measureOnce>>>()
  }))
  for (let round = 1; round <= bench.extent.streamRounds; round++) {
    for (const { samples, server } of round % 2 === 1 ? found : found.toReversed()) {
      bench.say(`streams, round ${round} of ${bench.extent.streamRounds}: ${server.name}`)
      const speaking = streaming(server, bench.extent.streamSeconds + 180)
      samples.push(await measureOnce(bench, speaking, databaseOf(server), tokens))
    }
  }
  const [first] = found
  return found.map(({ samples, server }) => ({
    server: server.name,
    eventsPerSecond: median(samples.map((sample) => sample.eventsPerSecond)),
    repeated: samples.reduce((sum, sample) => sum + sample.repeated, 0),
    cpu: known(samples.map((sample) => sample.cpu)),
    memory: known(samples.map((sample) => sample.memory)),
    ratio: known(
      samples.map(({ cpu }, round) => {
        const own = first?.samples[round]?.cpu
        return own === undefined || cpu === undefined ? undefined : own / cpu
      })
    )
  }))
}
