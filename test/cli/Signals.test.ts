import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ask } from "../support/Client.ts"
import { eventually } from "../support/Eventually.ts"
import {
  cloneWithDatabase,
  demoToken,
  ended,
  listening,
  minimalEnv,
  ready,
  spawned
} from "../support/Processes.ts"
import { openStream } from "../support/StreamClient.ts"

const npm = (directory: string, ...args: ReadonlyArray<string>) =>
  spawned("npm", args, { cwd: directory, env: { PORT: "0" } })

/** A server that npm runs, with a stream of ada's that does not end by itself. */
const underNpm = Effect.fnUntraced(function* (...args: ReadonlyArray<string>) {
  const directory = yield* cloneWithDatabase
  const { running, url } = yield* listening(npm(directory, ...args))
  yield* ready(url)
  const token = yield* demoToken(directory, "ada")
  const client = yield* openStream(url, token, { message: "/pause" })
  yield* client.hears("stream_options")
  return { client, running, token, url }
})

/** The stream got its last word, and no process is left that shares the output. */
const assertDrained = Effect.fnUntraced(function* ({
  client,
  running
}: Effect.Success<ReturnType<typeof underNpm>>) {
  const events = yield* client.end
  assert.deepStrictEqual(events.at(-1), {
    type: "error",
    code: "stream.error",
    allow_retry: true
  })
  yield* ended(running)
})

const canUnshare =
  spawnSync("unshare", ["--pid", "--fork", "--mount-proc", "true"], { env: minimalEnv() })
    .status === 0
if (!canUnshare)
  console.log("no process namespace can be made here: tests as process 1 are skipped")

describe("C1: the server that npm runs", () => {
  for (const args of [["start"], ["run", "dev"]]) {
    it.live(
      `drains and ends when npm ${args.join(" ")} is told to stop`,
      () =>
        Effect.gen(function* () {
          const server = yield* underNpm(...args)
          process.kill(server.running.child.pid!, "SIGTERM")
          yield* assertDrained(server)
        }).pipe(Effect.scoped),
      60_000
    )
  }

  it.live(
    "drains and ends when npm is killed",
    () =>
      Effect.gen(function* () {
        const server = yield* underNpm("start")
        process.kill(server.running.child.pid!, "SIGKILL")
        yield* assertDrained(server)
      }).pipe(Effect.scoped),
    60_000
  )

  it.live.skipIf(!canUnshare)(
    "says that npm must not be process 1, and drains as process 1 without npm",
    () =>
      Effect.gen(function* () {
        const directory = yield* cloneWithDatabase
        const asInit = (...command: ReadonlyArray<string>) =>
          listening(
            spawned("unshare", ["--pid", "--fork", "--mount-proc", ...command], {
              cwd: directory,
              env: { PORT: "0" }
            })
          )
        yield* Effect.scoped(
          Effect.gen(function* () {
            const { running } = yield* asInit("npm", "start")
            assert.include(running.said.err, "npm is process 1 here")
          })
        )
        const { running, url } = yield* asInit(
          process.execPath,
          "scripts/run.mjs",
          "--env",
          "src/main.ts"
        )
        yield* ready(url)
        const token = yield* demoToken(directory, "ada")
        const client = yield* openStream(url, token, { message: "/pause" })
        yield* client.hears("stream_options")
        const { pid } = running.child
        const child = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim()
        process.kill(Number(child), "SIGTERM")
        yield* assertDrained({ client, running, token, url })
        const refused = yield* eventually(
          Effect.exit(ask(url, token)),
          ({ _tag }) => _tag === "Failure"
        )
        assert.strictEqual(refused._tag, "Failure")
      }).pipe(Effect.scoped),
    60_000
  )
})
