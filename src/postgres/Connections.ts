import * as net from "node:net"
import { Context, Effect } from "effect"

/** Milliseconds a cancelled statement gets to say so, before its connection counts as lost. */
const lastChance = 400

/** The sockets behind the pool, for the one thing the pool cannot see: that the other end is gone. */
export const Connections = Context.Reference<{
  /** Closes what a vanished server left behind; what is still needed is opened anew. */
  readonly dropSilent: Effect.Effect<void>
  /** Closes what is not in use: where one connection turned out to be dead, the others are too. */
  readonly dropIdle: Effect.Effect<void>
}>("effect-chatkit/postgres/Connections", {
  defaultValue: () => ({ dropSilent: Effect.void, dropIdle: Effect.void })
})

interface Written {
  readonly at: number
  /** What had been heard when it was written. */
  readonly bytesRead: number
}

/**
 * Makes sockets and remembers whether they were answered. A server that vanished says so to
 * nobody: each idle connection it left would cost another request its deadline. So when one
 * statement was not answered in `deadline` ms, the idle connections go, and those that have
 * waited longer than that; a statement that waits for a lock is cancelled before and answers.
 * Behind TLS writes pass unseen, so nothing is dropped there.
 */
export const watched = (address: net.NetConnectOpts, deadline: number) => {
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
    const longAgo = Date.now() - deadline - lastChance / 2
    for (const [socket, { at, bytesRead }] of sockets) {
      if (socket.bytesRead > bytesRead || at < longAgo) socket.destroy()
    }
    dropping = false
  }

  const dropSilent = Effect.suspend(() => {
    if (dropping) return Effect.void
    dropping = true
    return Effect.andThen(Effect.sleep(lastChance), Effect.sync(drop))
  })

  const dropIdle = Effect.sync(() => {
    for (const [socket, { bytesRead }] of sockets) {
      if (socket.bytesRead > bytesRead) socket.destroy()
    }
  })

  return { connect, dropSilent, dropIdle }
}
