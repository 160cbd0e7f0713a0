import * as net from "node:net"
import * as PgClient from "@effect/sql-pg/PgClient"
import { describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { pglite } from "../../../src/dev/Pglite.ts"

/** Returns at once when it is connected, before the other side has seen it. */
const connected = (path: string) =>
  Effect.callback<net.Socket>((resume) => {
    const socket = net.connect({ path, allowHalfOpen: true })
    socket.once("connect", () => resume(Effect.succeed(socket)))
  })

describe("the embedded database", () => {
  it.live("stops although a connection to it is just being made", () =>
    Effect.gen(function* () {
      const client = yield* Effect.scoped(
        Effect.gen(function* () {
          const { client } = yield* pglite()
          const { config } = Context.get(yield* Layer.build(client), PgClient.PgClient)
          return yield* connected(config.path!)
        })
      )
      client.destroy()
    })
  )
})
