import * as net from "node:net"
import { Context, Effect } from "effect"

/** Milliseconds in which a cancelled statement must answer before its connection counts as lost. */
const cancelGrace = 400

/** Closes sockets behind the pool's back, because it cannot see that the other end is gone. */
export const Connections = Context.Reference<{
  /** Closes the connections a vanished server left; the pool opens new ones as needed. */
  readonly dropSilent: Effect.Effect<void>
  /** Closes the idle connections: when one of them turned out to be dead, the others are too. */
  readonly dropIdle: Effect.Effect<void>
}>("effect-chatkit/postgres/Connections", {
  defaultValue: () => ({ dropSilent: Effect.void, dropIdle: Effect.void })
})

interface Written {
  readonly at: number
  /** Bytes read before this write: more since then means an answer. */
  readonly bytesRead: number
}

/**
 * Opens sockets and tracks which of them were answered. A server that vanished does not close its
 * connections, and each idle one would make another request time out. So after one statement has
 * had no answer for `timeout` ms, `dropSilent` closes the idle connections and those that have
 * waited longer than that; a statement that waits for a lock is cancelled first, and answers.
 * Behind TLS writes cannot be observed, so no connection is dropped there.
 */
export const watchConnections = (address: net.NetConnectOpts, timeout: number) => {
  const sockets = new Map<net.Socket, Written>()
  let dropping = false

  const connect = (): net.Socket => {
    const socket = net.connect(address)
    const write = socket.write.bind(socket) as (...args: ReadonlyArray<unknown>) => boolean
    socket.write = (...args: ReadonlyArray<unknown>) => {
      sockets.set(socket, { at: Date.now(), bytesRead: socket.bytesRead })
      return write(...args)
    }
    return socket.once("close", () => sockets.delete(socket))
  }

  const drop = () => {
    const longAgo = Date.now() - timeout - cancelGrace / 2
    for (const [socket, { at, bytesRead }] of sockets) {
      if (socket.bytesRead > bytesRead || at < longAgo) socket.destroy()
    }
    dropping = false
  }

  const dropSilent = Effect.suspend(() => {
    if (dropping) return Effect.void
    dropping = true
    return Effect.andThen(Effect.sleep(cancelGrace), Effect.sync(drop))
  })

  const dropIdle = Effect.sync(() => {
    for (const [socket, { bytesRead }] of sockets) {
      if (socket.bytesRead > bytesRead) socket.destroy()
    }
  })

  return { connect, dropSilent, dropIdle }
}
