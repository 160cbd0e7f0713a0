import * as net from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { assertOutage } from "./Answers.ts"
import type { Bench } from "./Bench.ts"
import { type Line, visit } from "./Rounds.ts"
import { type Server, startServer } from "./Servers.ts"

/** SSLRequest and GSSENCRequest: the real start-up packet comes after them. */
const negotiations = new Set([80877103, 80877104])
const execute = "E".charCodeAt(0)
const query = "Q".charCodeAt(0)

/** Feeds on what a client sends to PostgreSQL and reports every statement it asks to be run. */
const statementsIn = (count: () => void) => {
  let started = false
  let rest = Buffer.alloc(0)
  return (chunk: Buffer) => {
    let data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (;;) {
      // Every message but the first has its type in front of its length.
      const header = started ? 1 : 0
      if (data.length < header + 4) break
      const length = header + data.readInt32BE(header)
      if (data.length < length || (!started && data.length < 8)) break
      if (started) {
        if (data[0] === execute || data[0] === query) count()
      } else {
        started = !negotiations.has(data.readInt32BE(4))
      }
      data = data.subarray(length)
    }
    rest = Buffer.from(data)
  }
}

interface CountingProxy {
  readonly url: string
  readonly count: () => number
  readonly close: () => Promise<void>
}

/** Stands before PostgreSQL and counts what passes. */
const countingProxy = async (bench: Bench, database: string): Promise<CountingProxy> => {
  const target = new URL(database)
  let statements = 0
  const sockets = new Set<net.Socket>()
  const server = net.createServer({ noDelay: true }, (client) => {
    const upstream = net.connect({
      host: target.hostname,
      port: Number(target.port || "5432"),
      noDelay: true
    })
    const watch = statementsIn(() => statements++)
    client.on("data", watch)
    client.pipe(upstream)
    upstream.pipe(client)
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client]
    ] as const) {
      sockets.add(socket)
      socket.on("error", () => {})
      socket.on("close", () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
  })
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  const close = bench.cleanup.add(
    () =>
      new Promise<void>((done) => {
        server.close(() => done())
        for (const socket of sockets) socket.destroy()
      })
  )
  const url = new URL(database)
  url.hostname = "127.0.0.1"
  url.port = String((server.address() as net.AddressInfo).port)
  return { url: url.href, count: () => statements, close }
}

/** What was asked last is worked on after the load generator has left. */
const settled = async ({ count }: CountingProxy) => {
  for (let tries = 0; tries < 20; tries++) {
    const before = count()
    await sleep(150)
    if (count() === before) return
  }
}

/** Statements for each request, by line and server; never timed, because counting costs time. */
export type Statements = ReadonlyMap<Line, ReadonlyMap<Server, number>>

/** Enough that the beginning, when batches are still small, does not count for much. */
const counted = 2_000

export const countStatements = async (
  bench: Bench,
  lines: ReadonlyArray<Line>,
  databaseOf: (server: Server) => string
): Promise<Statements> => {
  const found = new Map(lines.map((line) => [line, new Map<Server, number>()]))
  for (const server of new Set(lines.flatMap((line) => line.servers))) {
    const own = lines.filter((line) => line.servers.includes(server))
    const [first] = own
    if (first === undefined) continue
    const proxy = await countingProxy(bench, databaseOf(server))
    const running = await startServer(bench, server, proxy.url)
    // Connections are opened and statements prepared before anything is counted.
    await visit(bench, first, running, 0, Math.ceil(bench.extent.warmUp / 4))
    await settled(proxy)
    for (const line of own) {
      bench.say(`counting statements: ${line.title}, ${server.name}`)
      const before = proxy.count()
      const { sent } = await visit(bench, line, running, 1, counted)
      await settled(proxy)
      found.get(line)?.set(server, (proxy.count() - before) / sent)
    }
    await proxy.close()
    await assertOutage(running, bench.keys)
    await running.stop()
  }
  return found
}
