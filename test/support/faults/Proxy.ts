import * as net from "node:net"
import { Effect } from "effect"
import { statementsIn } from "./Statements.ts"

/** A TCP proxy on a free port of 127.0.0.1 that plays the faults a network and a server have. */
export interface Proxy {
  readonly port: number
  /** Back to normal: listens on its port again, and delivers what silence has held back. */
  readonly heal: Effect.Effect<void>
  /** Stops listening, and cuts every connection off. */
  readonly refuse: Effect.Effect<void>
  /** Cuts every connection off and goes on accepting new ones. */
  readonly cut: Effect.Effect<void>
  /** Cuts so many of the next connections off while they start. */
  readonly cutStarts: (count: number) => Effect.Effect<void>
  /** Accepts connections and keeps old ones, but no byte goes through, and no end of one. */
  readonly silence: Effect.Effect<void>
  /** Every byte takes so many milliseconds longer in each direction. */
  readonly delay: (milliseconds: number) => Effect.Effect<void>
  /** As after a failover to a host that resets what it does not know: gone, but seen only on use. */
  readonly resetOnUse: Effect.Effect<void>
  /** As after a failover: the server's end of every connection is gone, and nobody says so. */
  readonly forget: Effect.Effect<void>
  /** Counts statements from now on, and plays this fault in place of the one with this number. */
  readonly faultAt: (number: number, fault: Fault) => Effect.Effect<void>
  /** The statements since `faultAt`. */
  readonly statements: () => number
  /** Cuts everybody off, and answers whoever connects with these bytes and no more. */
  readonly answer: (bytes: Uint8Array) => Effect.Effect<void>
}

/** A way in which one connection ends: reset, closed, or silent from now on. */
export type Fault = "reset" | "close" | "silence"

/** A connection through the proxy: both sockets, until one of them is gone. */
interface Pair {
  readonly client: net.Socket
  readonly upstream: net.Socket
  forgotten: boolean
  stale: boolean
}

export const make = (target: { readonly host: string; readonly port: number }) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const pairs = new Set<Pair>()
      let words: Uint8Array | undefined
      let latency = 0
      let voice = Promise.resolve()
      let speak = () => {}
      let statements = 0
      let startsToCut = 0
      let faulty: { readonly number: number; readonly fault: Fault } | undefined

      /** Whether the fault was played in place of what the client sent. */
      const isPlayed = (pair: Pair, count: number) => {
        for (let i = 0; i < count; i++) {
          statements += 1
          if (statements !== faulty?.number) continue
          const { client, upstream } = pair
          if (faulty.fault === "reset") client.resetAndDestroy()
          if (faulty.fault === "close") client.destroy()
          if (faulty.fault === "silence") pair.forgotten = true
          else upstream.destroy()
          return true
        }
        return false
      }

      /** Passes on in order: when the time has come, and not while there is silence. */
      const deliver = (pair: Pair, from: net.Socket, to: net.Socket) => {
        let line = Promise.resolve()
        const pass = (act: () => void) => {
          const due = Date.now() + latency
          line = line.then(async () => {
            const early = due - Date.now()
            if (early > 0) await new Promise((resume) => setTimeout(resume, early))
            await voice
            if (!pair.forgotten && !to.destroyed) act()
          })
        }
        const count = statementsIn()
        from.on("data", (chunk) => {
          if (pair.stale) return void from.resetAndDestroy()
          if (from === pair.client && isPlayed(pair, count(chunk))) return
          pass(() => to.write(chunk))
        })
        from.on("end", () => pass(() => to.end()))
        from.on("error", () => undefined)
        from.on("close", () => {
          if (!pair.forgotten || from === pair.client) pairs.delete(pair)
          pass(() => to.destroy())
        })
      }

      const server = net.createServer({ allowHalfOpen: true }, (client) => {
        if (words !== undefined) {
          const last = words
          client.on("error", () => undefined)
          return void client.once("data", () => client.end(last))
        }
        if (startsToCut > 0) {
          startsToCut -= 1
          client.on("error", () => undefined)
          return void client.once("data", () => client.resetAndDestroy())
        }
        const upstream = net.connect({ ...target, allowHalfOpen: true })
        const pair = { client, upstream, forgotten: false, stale: false }
        pairs.add(pair)
        deliver(pair, client, upstream)
        deliver(pair, upstream, client)
      })
      const listen = (port: number) =>
        new Promise<void>((resolve, reject) => {
          server.once("error", reject)
          server.listen(port, "127.0.0.1", () => {
            server.off("error", reject)
            resolve()
          })
        })
      const cut = () => {
        for (const { client, upstream } of pairs) {
          client.resetAndDestroy()
          upstream.destroy()
        }
        pairs.clear()
      }
      const close = () => {
        if (server.listening) server.close()
        cut()
      }

      await listen(0)
      const { port } = server.address() as net.AddressInfo
      const proxy: Proxy = {
        port,
        heal: Effect.promise(async () => {
          latency = 0
          words = undefined
          speak()
          if (!server.listening) await listen(port)
        }),
        refuse: Effect.sync(close),
        cut: Effect.sync(cut),
        cutStarts: (count) =>
          Effect.sync(() => {
            startsToCut = count
          }),
        silence: Effect.sync(() => {
          voice = new Promise((resolve) => {
            speak = resolve
          })
        }),
        delay: (milliseconds) =>
          Effect.sync(() => {
            latency = milliseconds
          }),
        resetOnUse: Effect.sync(() => {
          for (const pair of pairs) {
            pair.stale = true
            pair.upstream.removeAllListeners("close").destroy()
          }
        }),
        forget: Effect.sync(() => {
          for (const pair of pairs) {
            pair.forgotten = true
            pair.upstream.destroy()
          }
        }),
        faultAt: (number, fault) =>
          Effect.sync(() => {
            statements = 0
            faulty = { number, fault }
          }),
        statements: () => statements,
        answer: (bytes) =>
          Effect.sync(() => {
            words = bytes
            cut()
          })
      }
      return { proxy, close, speak: () => speak() }
    }),
    ({ close, speak }) =>
      Effect.sync(() => {
        speak()
        close()
      })
  ).pipe(Effect.map(({ proxy }) => proxy))
