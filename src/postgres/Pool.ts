import * as net from "node:net"
import * as PgClient from "@effect/sql-pg/PgClient"
import { Context, Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { Timeouts } from "../core/Timeouts.ts"
import { AuthenticationClient } from "./AuthenticationClient.ts"
import { Connections, watchConnections } from "./Connections.ts"
import { tlsOptions } from "./Tls.ts"

/** Milliseconds without traffic before TCP probes the connection. */
const keepAliveInitialDelay = 5_000

/** Two for lookups of identities, one for keys and the layout of tables. */
const authenticationConnections = 3

/**
 * The pool of connections, and a small one for authentication. Connections are opened when they
 * are needed, so the server starts while the database is down. No startup parameters are sent,
 * because poolers refuse them.
 */
export const layer = (options: { readonly url: Redacted.Redacted; readonly poolSize: number }) =>
  Layer.unwrap(
    Effect.map(Timeouts, ({ statement }) => {
      const url = new URL(Redacted.value(options.url))
      const ssl = tlsOptions(url)
      // A pooler that gives each transaction another connection knows no prepared statements.
      const prepare = url.searchParams.get("pgbouncer") !== "true"
      if (ssl !== undefined) url.searchParams.delete("sslmode")
      const { connect, ...connections } = watchConnections(addressOf(url), statement)
      const pool = (maxConnections: number) =>
        PgClient.layer({
          url: Redacted.make(url.href),
          ...(ssl === undefined ? {} : { ssl }),
          prepare,
          maxConnections,
          connectTimeout: statement,
          applicationName: "effect-chatkit",
          stream: connect
        })
      const authentication = Layer.effect(
        AuthenticationClient,
        Effect.map(Layer.build(pool(authenticationConnections)), Context.get(SqlClient.SqlClient))
      )
      const pools = Layer.merge(pool(options.poolSize), authentication)
      return ssl !== undefined || isEncrypted(url)
        ? pools
        : Layer.merge(pools, Layer.succeed(Connections, connections))
    })
  )

const isEncrypted = (url: URL) => !["disable", null].includes(url.searchParams.get("sslmode"))

/** The address the client would connect to by itself, by the URL's `host` and `port` too (libpq). */
const addressOf = (url: URL): net.NetConnectOpts => {
  const named = decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, "$1")
  const host = url.searchParams.get("host") ?? (named === "" ? "localhost" : named)
  const port = Number(url.searchParams.get("port") ?? (url.port === "" ? 5432 : url.port))
  return host.startsWith("/")
    ? { path: `${host}/.s.PGSQL.${port}` }
    : { host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay }
}
