import * as http from "node:http"
import type { Duplex } from "node:stream"
import { bodyOf } from "../api/ErrorBody.ts"
import { type ErrorRow, errorTable } from "../api/ErrorTable.ts"

/** Bytes. Large enough that a token with an avatar in it reaches the authentication, which refuses it. */
const maxHeaderSize = 64 * 1024

/** Milliseconds. Longer than a load balancer keeps a connection, so that the balancer closes it first. */
const keepAliveTimeout = 65_000
const headersTimeout = 15_000
/** Milliseconds. Enough for a large attachment over a slow connection. */
const requestTimeout = 300_000
/** Milliseconds between two looks for connections that are too slow. */
const connectionsCheckingInterval = 5_000

/** Node's server. Its own refusals (bad HTTP, too slow, headers too large) are rows of the table. */
export const make = (): http.Server => {
  const server = http.createServer({
    maxHeaderSize,
    keepAliveTimeout,
    headersTimeout,
    requestTimeout,
    connectionsCheckingInterval,
    // Node would refuse a missing `Host` and an unknown `Expect` itself, without a body.
    requireHostHeader: false
  })
  server.on("checkExpectation", (request, response) => server.emit("request", request, response))
  return server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    refuse(rowOf(error.code), socket)
  })
}

const rowOf = (code: string | undefined): ErrorRow => {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return errorTable.HeadersTooLarge
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return errorTable.RequestTimeout
    default:
      return errorTable.MalformedRequest
  }
}

const refuse = (row: ErrorRow, socket: Duplex) => {
  if (!socket.writable) return socket.destroy()
  const { status } = row
  const body = JSON.stringify(bodyOf(row, undefined, "anyone"))
  return socket.end(
    [
      `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}`,
      "content-type: application/json",
      `content-length: ${Buffer.byteLength(body)}`,
      "x-content-type-options: nosniff",
      `x-request-id: ${crypto.randomUUID()}`,
      "connection: close",
      "",
      body
    ].join("\r\n")
  )
}
