import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import * as http from "node:http"
import * as net from "node:net"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterAll, assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { onRealServer, TestDatabase } from "../support/Database.ts"
import { askHalf, eventsOf, request } from "../support/Client.ts"
import { openStream } from "../support/StreamClient.ts"
import { origin } from "../support/Tokens.ts"
import { eventually } from "../support/Eventually.ts"
import { freshDatabase, unavailable } from "../support/faults/ServerBehindProxy.ts"

const run = [resolve("scripts/run.mjs")]
const main = resolve("src/main.ts")
const tokens = resolve("src/cli/token.ts")

/** Where the embedded database is kept, so that only the first process has to make it. */
const cwd = mkdtempSync(join(tmpdir(), "chatkit-shutdown-"))
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

/**
 * The program in a process of its own, on the test's database or on its embedded one; `delay` is in
 * seconds.
 */
const launch = Effect.fnUntraced(function* (delay = 0) {
  const base = { PATH: process.env["PATH"], HOME: process.env["HOME"] }
  const prepared = onRealServer ? yield* freshDatabase : undefined
  const env = {
    ...base,
    PORT: "0",
    LOG_FORMAT: "json",
    SHUTDOWN_DELAY: String(delay),
    ...(prepared && {
      NODE_ENV: "production",
      PLAYGROUND: "on",
      DATABASE_URL: prepared.database.url,
      BETTER_AUTH_ISSUER: origin
    })
  }
  let said = ""
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(process.execPath, [...run, main], { cwd, env })
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (text: string) => (said += text))
      }
      return child
    }),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  const exited = new Promise<number | null>((done) => child.once("exit", (code) => done(code)))
  const output = Effect.sync(() => said)
  const url = yield* Effect.map(
    eventually(output, (text) => /"message":"ready"/.test(text), 1_000),
    (text) => /http:\/\/127\.0\.0\.1:\d+/.exec(text)![0]
  )
  const token =
    prepared?.token ??
    spawnSync(process.execPath, [...run, tokens, "ada"], {
      cwd,
      env: base,
      encoding: "utf8"
    }).stdout.trim()
  return { child, exited: Effect.promise(() => exited), output, token, url }
})

/** Whether anybody still listens there. */
const listens = (url: string) =>
  Effect.callback<boolean>((resume) => {
    const socket = net.connect({ host: "127.0.0.1", port: Number(new URL(url).port) })
    socket.once("connect", () => {
      socket.destroy()
      resume(Effect.succeed(true))
    })
    socket.once("error", () => resume(Effect.succeed(false)))
  })

const signal = (child: ChildProcess, name: NodeJS.Signals = "SIGTERM") =>
  Effect.sync(() => void child.kill(name))

/** Told to stop, and no new connection is let in any more. */
const drain = (child: ChildProcess, url: string) =>
  Effect.andThen(
    signal(child),
    eventually(listens(url), (open) => !open)
  )

/** A stream that has begun to answer, and goes on for as long as its client does not read. */
const pausedStream = Effect.fnUntraced(function* (url: string, token: string) {
  const client = yield* openStream(url, token, { message: "word ".repeat(100_000) })
  yield* client.hears("text_delta")
  yield* client.pause
  return client
})

/** Milliseconds: a process of its own starts slowly on a small machine. */
const slowly = 90_000

const Database = onRealServer ? TestDatabase.layer : (Layer.empty as typeof TestDatabase.layer)

layer(Database, { excludeTestServices: true })("a process that is told to stop", (it) => {
  it.effect(
    "finishes what it is at, refuses the rest and exits with 0",
    () =>
      Effect.gen(function* () {
        const { child, exited, output, token, url } = yield* launch(2)
        const kept = new http.Agent({ keepAlive: true, maxSockets: 1 })
        const before = yield* request(url, { path: "/healthz", method: "GET", agent: kept })
        assert.strictEqual(before.headers.connection, "keep-alive")
        const late = yield* askHalf(url, token, JSON.stringify({ message: "Hello" }))
        yield* eventually(output, (text) => text.includes(`"outcome":"accepted"`))
        const stream = yield* pausedStream(url, token)

        const began = performance.now()
        yield* signal(child)
        yield* eventually(output, (text) => text.includes(`"message":"stopping"`))
        const probe = yield* request(url, { path: "/readyz", method: "GET" })
        assert.deepStrictEqual([probe.status, probe.headers.connection], [503, "close"])
        yield* eventually(listens(url), (open) => !open)
        const refused = yield* request(url, {
          agent: kept,
          headers: { authorization: `Bearer ${token}` }
        })
        assert.deepStrictEqual([refused.status, refused.body], [503, unavailable])
        assert.strictEqual(refused.headers.connection, "close")
        assert.match(refused.headers["retry-after"] ?? "", /^[1-9]\d*$/)

        const answer = yield* late.complete
        assert.strictEqual(answer.status, 200)
        assert.strictEqual(answer.headers.connection, "close")
        assert.strictEqual(eventsOf(answer)[0]?.["type"], "thread.created")

        yield* stream.resume
        const events = yield* stream.end
        assert.strictEqual(events[0]?.["type"], "thread.created")
        assert.deepStrictEqual(events.at(-1), {
          type: "error",
          code: "stream.error",
          allow_retry: true
        })
        assert.notStrictEqual(events.at(-2)?.["type"], "thread.item.done")
        assert.strictEqual(yield* exited, 0)
        assert.isBelow(performance.now() - began, 10_000)
      }),
    slowly
  )

  it.effect(
    "does not wait for clients that never read or never finish their request",
    () =>
      Effect.gen(function* () {
        const { child, exited, output, token, url } = yield* launch()
        yield* askHalf(url, token, `{"message":"Hello"}`)
        yield* eventually(output, (text) => text.includes(`"outcome":"accepted"`))
        yield* pausedStream(url, token)
        const began = performance.now()
        yield* signal(child, "SIGINT")
        assert.strictEqual(yield* exited, 0)
        assert.isBelow(performance.now() - began, 10_000)
      }),
    slowly
  )

  it.effect(
    "ends at once when told again",
    () =>
      Effect.gen(function* () {
        const { child, exited, output, token, url } = yield* launch()
        yield* askHalf(url, token, `{"message":"Hello"}`)
        yield* eventually(output, (text) => text.includes(`"outcome":"accepted"`))
        yield* drain(child, url)
        const began = performance.now()
        // One that comes with the first, as npm and a terminal send it, is the same one.
        yield* eventually(
          Effect.andThen(
            signal(child),
            Effect.sync(() => child.exitCode)
          ),
          (code) => code !== null
        )
        assert.strictEqual(yield* exited, 1)
        assert.isBelow(performance.now() - began, 3_000)
      }),
    slowly
  )
})
