import * as net from "node:net"
import { Effect } from "effect"

/** SSLRequest and GSSENCRequest: the real start-up packet comes after them. */
const negotiations = new Set([80877103, 80877104])
const execute = "E".charCodeAt(0)
const query = "Q".charCodeAt(0)

/** Reads the messages that a client sends to PostgreSQL and counts those that run a statement. */
const statementsIn = (count: () => void) => {
  let started = false
  let rest = Buffer.alloc(0)
  return (chunk: Buffer) => {
    let data = Buffer.concat([rest, chunk])
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

/** Stands between a server and its database and counts statements, until it is cut. */
export const countingProxy = (database: string) =>
  Effect.acquireRelease(
    Effect.callback<{ url: string; count: () => number; cut: () => void }>((resume) => {
      const target = new URL(database)
      let statements = 0
      const sockets = new Set<net.Socket>()
      const server = net.createServer({ noDelay: true }, (client) => {
        const upstream = net.connect({
          host: target.hostname,
          port: Number(target.port || "5432"),
          noDelay: true
        })
        client.on(
          "data",
          statementsIn(() => statements++)
        )
        client.pipe(upstream)
        upstream.pipe(client)
        for (const [socket, other] of [
          [client, upstream],
          [upstream, client]
        ] as const) {
          sockets.add(socket)
          socket.on("error", () => {})
          socket.on("close", () => other.destroy())
        }
      })
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address() as net.AddressInfo
        const url = Object.assign(new URL(database), { hostname: "127.0.0.1", port })
        const cut = () => {
          server.close()
          for (const socket of sockets) socket.destroy()
        }
        resume(Effect.succeed({ url: url.href, count: () => statements, cut }))
      })
    }),
    ({ cut }) => Effect.sync(cut)
  )
