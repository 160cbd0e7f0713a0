import { spawnSync } from "node:child_process"
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import * as net from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import * as Database from "../../src/postgres/Pool.ts"
import { onRealServer, TestDatabase } from "../support/Database.ts"
import { ask, eventsOf } from "../support/Client.ts"
import { start } from "../support/Server.ts"
import { eventually } from "../support/Eventually.ts"
import { assertOk, freshDatabase } from "../support/faults/ServerBehindProxy.ts"
import { spawned } from "../support/Processes.ts"
import { doneTexts, threadOf } from "../support/StreamClient.ts"

const isInstalled = spawnSync("pgbouncer", ["--version"]).status === 0
if (onRealServer && !isInstalled) console.log("pgbouncer is not installed: its test is skipped")

const freePort = Effect.callback<number>((resume) => {
  const server = net.createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address() as net.AddressInfo
    server.close(() => resume(Effect.succeed(port)))
  })
})

const isListening = (port: number) =>
  Effect.callback<boolean>((resume) => {
    const socket = net.connect(port, "127.0.0.1")
    socket.on("connect", () => {
      socket.destroy()
      resume(Effect.succeed(true))
    })
    socket.on("error", () => resume(Effect.succeed(false)))
  })

/** PgBouncer in front of this database, with few connections that each transaction shares; its port. */
const pgBouncer = Effect.fnUntraced(function* (database: URL) {
  const port = yield* freePort
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "chatkit-pgbouncer-"))),
    (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
  )
  chmodSync(directory, 0o755)
  const file = join(directory, "pgbouncer.ini")
  const { hostname, password, port: target, username } = database
  writeFileSync(
    file,
    [
      "[databases]",
      `* = host=${hostname} port=${target || 5432} user=${username}${password === "" ? "" : ` password=${password}`}`,
      "[pgbouncer]",
      "listen_addr = 127.0.0.1",
      `listen_port = ${port}`,
      "unix_socket_dir =",
      "auth_type = any",
      "pool_mode = transaction",
      "default_pool_size = 2"
    ].join("\n")
  )
  // It refuses to run as root.
  const user = process.getuid?.() === 0 ? ["-u", "nobody"] : []
  yield* spawned("pgbouncer", [...user, file], { cwd: directory })
  yield* eventually(isListening(port), (listens) => listens)
  return port
})

describe.skipIf(!onRealServer || !isInstalled)("PgBouncer in transaction mode", () => {
  layer(TestDatabase.layer, { excludeTestServices: true })("on a real PostgreSQL", (it) => {
    it.effect("B1: with pgbouncer=true is like the database itself", () =>
      Effect.gen(function* () {
        const { database, token } = yield* freshDatabase
        const target = new URL(database.url!)
        target.host = `127.0.0.1:${yield* pgBouncer(target)}`
        target.searchParams.set("pgbouncer", "true")
        const pool = Database.layer({ url: Redacted.make(target.href), poolSize: 10 })
        const { logs, url } = yield* start(pool)
        const begun = yield* assertOk(ask(url, token, { message: "/say Begun" }))
        const thread_id = threadOf(eventsOf(begun))
        const answers = yield* Effect.forEach(
          Array.from({ length: 60 }, (_, index) => `Message ${index}`),
          (text) => assertOk(ask(url, token, { message: `/say ${text}\n/title ${text}` })),
          { concurrency: 3 }
        )
        for (const answer of answers) assert.lengthOf(doneTexts(eventsOf(answer)), 2)
        yield* assertOk(ask(url, token, { message: "/say On", thread_id }))
        yield* assertOk(ask(url, token))
        assert.deepStrictEqual(
          logs.filter((line) => /database|defect/.test(line)),
          []
        )
      })
    )

    it.effect("B1: without it is an outage that says what to set, and never a defect", () =>
      Effect.gen(function* () {
        const { database, token } = yield* freshDatabase
        const target = new URL(database.url!)
        target.host = `127.0.0.1:${yield* pgBouncer(target)}`
        const pool = Database.layer({ url: Redacted.make(target.href), poolSize: 10 })
        const { logs, url } = yield* start(pool)
        const answers = yield* Effect.forEach(
          Array.from({ length: 60 }, (_, index) => `/say ${index}`),
          (message) => ask(url, token, { message }),
          { concurrency: 6 }
        )
        for (const { status } of answers) assert.include([200, 503], status)
        assert.isFalse(logs.some((line) => line.includes("defect")))
        const advised = logs.some((line) => line.includes("pgbouncer=true"))
        assert.isTrue(advised || answers.every(({ status }) => status === 200))
      })
    )
  })
})
