import * as net from "node:net"
import { Effect } from "effect"

/** A connection that is written to piece by piece. */
export const connect = (url: string) =>
  Effect.gen(function* () {
    const { hostname, port } = new URL(url)
    let received = ""
    const socket = yield* Effect.acquireRelease(
      Effect.sync(() => net.connect(Number(port), hostname)),
      (socket) => Effect.sync(() => socket.destroy())
    )
    // A server that has refused may close while we still send.
    socket.on("error", () => undefined)
    socket.on("data", (chunk) => (received += chunk.toString("latin1")))
    return {
      write: (piece: string | Buffer) =>
        Effect.callback<void>((resume) => {
          socket.write(piece, () => resume(Effect.void))
        }),
      /** All that came, as soon as this came or the server closed the connection. */
      until: (pattern: RegExp) =>
        Effect.callback<string>((resume) => {
          const look = () => {
            if (pattern.test(received) || socket.closed) resume(Effect.succeed(received))
          }
          socket.on("data", look).on("close", look)
          look()
        }),
      /** All that came until the server closed the connection. */
      closed: Effect.callback<string>((resume) => {
        const done = () => resume(Effect.succeed(received))
        if (socket.closed) done()
        else socket.on("close", done)
      })
    }
  })

/** Bytes to the server as they are, and all that comes back until it closes the connection. */
export const sendRaw = (url: string, bytes: string | Buffer): Effect.Effect<string> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { closed, write } = yield* connect(url)
      yield* Effect.forkScoped(write(bytes))
      return yield* closed
    })
  )

/** The parts of what `sendRaw` gave. */
export const partsOf = (answer: string) => {
  const [head = "", body = ""] = answer.split(/\r\n\r\n([\s\S]*)/, 2)
  const [statusLine = "", ...lines] = head.split("\r\n")
  return {
    status: Number(statusLine.split(" ")[1]),
    headers: Object.fromEntries(
      lines.map((line) => {
        const colon = line.indexOf(":")
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
      })
    ) as Record<string, string>,
    body
  }
}
