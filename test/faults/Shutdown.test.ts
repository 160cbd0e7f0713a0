import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import * as http from "node:http"
import * as net from "node:net"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterAll, assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { onRealServer, TestDatabase } from "../support/Database.ts"
import { eventsOf } from "../support/Server.ts"
import { origin } from "../support/Tokens.ts"
import { eventually, freshDatabase, unavailable } from "../support/faults/BehindProxy.ts"

const run = [resolve("scripts/run.mjs")]
const main = resolve("src/main.ts")
const tokens = resolve("src/cli/token.ts")

/** Where the embedded database is kept, so that only the first process has to make it. */
const cwd = mkdtempSync(join(tmpdir(), "chatkit-shutdown-"))
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

/** The program in a process of its own, on the test's database or on its embedded one. */
const launch = Effect.gen(function* () {
  const base = { PATH: process.env["PATH"], HOME: process.env["HOME"] }
  const prepared = onRealServer ? yield* freshDatabase : undefined
  const env = {
    ...base,
    PORT: "0",
    LOG_FORMAT: "json",
    ...(prepared && {
      NODE_ENV: "production",
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
const openStream = (url: string, token: string) =>
  Effect.callback<Effect.Effect<{ readonly body: string }>>((resume) => {
    const sent = http.request(
      new URL("/support/chatkit", url),
      {
        method: "POST",
        agent: false,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" }
      },
      (response) => {
        let begun = ""
        response.setEncoding("utf8").on("data", function look(text: string) {
          begun += text
          if (!begun.includes("text_delta")) return
          response.off("data", look).pause()
          const rest = readToEnd(response)
          resume(Effect.succeed(Effect.map(rest, ({ body }) => ({ body: begun + body }))))
        })
      }
    )
    sent.on("error", () => undefined)
    sent.end(JSON.stringify({ message: "word ".repeat(100_000) }))
  })

const readToEnd = (response: http.IncomingMessage) =>
  Effect.promise(async () => {
    let body = ""
    for await (const chunk of response.setEncoding("utf8")) body += chunk as string
    return { status: response.statusCode ?? 0, headers: response.headers, body }
  })

/** A request of which the server has the first half of the body only. */
const halfSent = (url: string, token: string, body: string) => {
  const sent = http.request(new URL("/support/chatkit", url), {
    method: "POST",
    agent: false,
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body)
    }
  })
  const response = new Promise<http.IncomingMessage>((resolve, reject) => {
    sent.on("response", resolve)
    sent.on("error", reject)
  })
  response.catch(() => undefined)
  sent.write(body.slice(0, 5))
  return {
    complete: Effect.suspend(() => {
      sent.end(body.slice(5))
      return Effect.flatMap(
        Effect.promise(() => response),
        readToEnd
      )
    })
  }
}

const send = (url: string, path: string, options: http.RequestOptions) =>
  Effect.callback<http.IncomingMessage>((resume) => {
    const sent = http.request(new URL(path, url), options, (response) =>
      resume(Effect.succeed(response))
    )
    sent.on("error", (error) => resume(Effect.die(error)))
    sent.end()
  }).pipe(Effect.flatMap(readToEnd))

/** Milliseconds: a process of its own starts slowly on a small machine. */
const slowly = 90_000

const Database = onRealServer ? TestDatabase.layer : (Layer.empty as typeof TestDatabase.layer)

layer(Database, { excludeTestServices: true })("a process that is told to stop", (it) => {
  it.effect(
    "finishes what it is at, refuses the rest and exits with 0",
    () =>
      Effect.gen(function* () {
        const { child, exited, output, token, url } = yield* launch
        const kept = new http.Agent({ keepAlive: true, maxSockets: 1 })
        const before = yield* send(url, "/healthz", { agent: kept })
        assert.strictEqual(before.headers.connection, "keep-alive")
        const late = halfSent(url, token, JSON.stringify({ message: "Hello" }))
        yield* eventually(output, (text) => text.includes(`"outcome":"accepted"`))
        const stream = yield* openStream(url, token)

        const began = performance.now()
        yield* drain(child, url)
        const refused = yield* send(url, "/support/chatkit", {
          agent: kept,
          method: "POST",
          headers: { authorization: `Bearer ${token}` }
        })
        assert.deepStrictEqual([refused.status, refused.body], [503, unavailable])
        assert.strictEqual(refused.headers.connection, "close")
        assert.match(refused.headers["retry-after"] ?? "", /^[1-9]\d*$/)

        const answer = yield* late.complete
        assert.strictEqual(answer.status, 200)
        assert.strictEqual(answer.headers.connection, "close")
        assert.strictEqual(eventsOf(answer)[0]?.["type"], "thread.created")

        const events = eventsOf(yield* stream)
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
        const { child, exited, output, token, url } = yield* launch
        halfSent(url, token, `{"message":"Hello"}`)
        yield* eventually(output, (text) => text.includes(`"outcome":"accepted"`))
        yield* openStream(url, token)
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
        const { child, exited, output, token, url } = yield* launch
        halfSent(url, token, `{"message":"Hello"}`)
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
