import { readFileSync } from "node:fs"
import * as net from "node:net"
import { join } from "node:path"
import * as tls from "node:tls"
import { Effect } from "effect"

const directory = join(import.meta.dirname, "certificates")

/** The certificate of the private authority that signed the one of the proxy, which is for localhost. */
export const authority = join(directory, "ca.crt")

const secureContext = tls.createSecureContext({
  cert: readFileSync(join(directory, "server.crt")),
  key: readFileSync(join(directory, "server.key"))
})

/** Speaks TLS in front of a PostgreSQL that does not; its port. */
export const tlsProxy = (target: { readonly host: string; readonly port: number }) =>
  Effect.acquireRelease(
    Effect.callback<net.Server>((resume) => {
      const server = net.createServer((client) => {
        client.on("error", () => undefined)
        // SSLRequest is the first message, and has eight bytes.
        client.once("data", () => {
          client.write("S")
          const secured = new tls.TLSSocket(client, { isServer: true, secureContext })
          const upstream = net.connect(target)
          for (const socket of [secured, upstream]) socket.on("error", () => undefined)
          secured.pipe(upstream).pipe(secured)
          client.on("close", () => upstream.destroy())
          upstream.on("close", () => client.destroy())
        })
      })
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.sync(() => server.close())
  ).pipe(Effect.map((server) => (server.address() as net.AddressInfo).port))
