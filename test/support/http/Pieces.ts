import * as net from "node:net"
import { Deferred, Effect, Layer, Queue } from "effect"
import { type Identity, Identities } from "../../../src/auth/Identities.ts"
import { cast } from "../Doubles.ts"

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

/** Everybody is Ada, and nobody gets in before the test says so. */
export const doorman = Effect.gen(function* () {
  const waiting = yield* Queue.unbounded<Effect.Effect<void>>()
  const ada: Identity = cast[0]!
  const identities = Layer.succeed(Identities, {
    find: () =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        yield* Queue.offer(waiting, Effect.asVoid(Deferred.succeed(gate, undefined)))
        yield* Deferred.await(gate)
        return ada
      })
  })
  return {
    identities,
    /** Somebody who stands at the door, as soon as there is one; lets them in when run. */
    next: Queue.take(waiting)
  }
})
