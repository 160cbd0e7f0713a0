import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { ask, eventsOf, request } from "../support/Client.ts"
import {
  ended,
  freshClone,
  linesOf,
  outcomeOf,
  type Running,
  signalled,
  spawned,
  startIn
} from "../support/Processes.ts"

/** A server with nothing set, in a directory where none has run before. */
class DevServer extends Context.Service<
  DevServer,
  { readonly directory: string; readonly url: string; readonly running: Running }
>()("test/DevServer") {
  static readonly layer = Layer.effect(
    DevServer,
    Effect.gen(function* () {
      const directory = yield* freshClone
      return { directory, ...(yield* startIn(directory)) }
    })
  )
}

const tokenFor = (directory: string, person: string) =>
  Effect.map(outcomeOf(directory, "token", [person]), ({ out }) => out.trim())

const say = (directory: string, url: string, message: string) =>
  Effect.gen(function* () {
    const answer = yield* ask(url, yield* tokenFor(directory, "ada"), { message })
    const thread = eventsOf(answer)[0]?.["thread"] as { readonly id: string } | undefined
    return thread?.id ?? assert.fail("no thread was created")
  })

const threadsOf = (directory: string, url: string) =>
  Effect.gen(function* () {
    const answer = yield* ask(url, yield* tokenFor(directory, "ada"))
    assert.strictEqual(answer.status, 200)
    const { data } = JSON.parse(answer.body) as { readonly data: ReadonlyArray<{ id: string }> }
    return data.map(({ id }) => id)
  })

layer(DevServer.layer, { excludeTestServices: true, timeout: "2 minutes" })(
  "npm start with nothing set",
  (it) => {
    it.effect("says in few lines where it listens, that this is development, and a curl", () =>
      Effect.gen(function* () {
        const { running, url } = yield* DevServer
        const banner = linesOf(running.said.out).filter((line) => !line.startsWith("{"))
        assert.isAtMost(banner.length, 6)
        assert.match(banner.join("\n"), /^Answers: the playground, .* MODEL/m)
        assert.match(
          banner[0]!,
          /^effect-chatkit listens on http:\/\/127\.0\.0\.1:\d+ .*development/
        )
        assert.notStrictEqual(new URL(url).port, "0")
        assert.match(banner.join("\n"), /ada and grace .*asleep.*ghost/)
        assert.lengthOf(
          banner.filter((line) => line.trim().startsWith("curl -N ")),
          1
        )
        assert.strictEqual(running.said.err, "")
        const health = yield* request(url, { method: "GET", path: "/support/health" })
        assert.deepStrictEqual([health.status, health.body], [200, `{"status":"healthy"}`])
      })
    )

    it.effect("the curl it prints, pasted into a shell, streams an answer", () =>
      Effect.gen(function* () {
        const { directory, running } = yield* DevServer
        const line = linesOf(running.said.out).find((line) => line.trim().startsWith("curl "))!
        const elsewhere = { cwd: "/" }
        const pasted = yield* Effect.flatMap(
          spawned("bash", ["-c", `${line.trim()} --silent --show-error`], elsewhere),
          ended
        )
        assert.deepStrictEqual([pasted.code, pasted.err], [0, ""])
        const events = eventsOf({ body: pasted.out })
        assert.strictEqual(events[0]?.["type"], "thread.created")
        assert.deepStrictEqual(
          events.slice(-2).map(({ type }) => type),
          ["thread.item.done", "thread.updated"]
        )
        assert.include(JSON.stringify(events.at(-1)), "Hello")
        assert.include(line, `--prefix '${directory}'`)
      })
    )

    it.effect("answers each demo person as the banner says", () =>
      Effect.gen(function* () {
        const { directory, url } = yield* DevServer
        const answers = yield* Effect.forEach(["grace", "asleep", "ghost"], (person) =>
          Effect.flatMap(tokenFor(directory, person), (token) => ask(url, token))
        )
        assert.deepStrictEqual(
          answers.map(({ body, status }) => [status, body]),
          [
            [200, `{"data":[],"has_more":false}`],
            [404, `{"error":"No active sessions found for user","status":404}`],
            [404, `{"error":"User not found with provided email","status":404}`]
          ]
        )
      })
    )

    it.effect("a second server on the same directory says why it cannot start", () =>
      Effect.gen(function* () {
        const { directory, running, url } = yield* DevServer
        const second = yield* outcomeOf(directory, "start", [], { PORT: "0" })
        assert.strictEqual(second.code, 1)
        assert.strictEqual(second.out, "")
        assert.deepStrictEqual(linesOf(second.err), [
          `Another server (process ${running.child.pid}) uses the embedded database in .data/: stop it, or set DATABASE_URL. If that process is something else, delete ${join(".data", "lock")}.`
        ])
        const first = yield* request(url, { method: "GET", path: "/readyz" })
        assert.strictEqual(first.status, 200)
      })
    )

    it.effect("what is kept in .data is for its owner alone", () =>
      Effect.gen(function* () {
        const { directory } = yield* DevServer
        const find = yield* Effect.flatMap(
          spawned("find", [".data", "-maxdepth", "0", "-perm", "700"], { cwd: directory }),
          ended
        )
        assert.strictEqual(find.out, ".data\n")
      })
    )

    // From here on the shared server is stopped, and others take its place in its directory.
    it.effect(
      "keeps threads over a stop and over a crash, whose lock blocks nobody",
      () =>
        Effect.gen(function* () {
          const { directory, running, url } = yield* DevServer
          const thread = yield* say(directory, url, "Remember this")
          const stopped = yield* signalled(running, "SIGTERM")
          assert.deepStrictEqual([stopped.code, stopped.err], [0, ""])
          assert.isFalse(existsSync(join(directory, ".data/lock")))

          const second = yield* startIn(directory)
          assert.include(yield* threadsOf(directory, second.url), thread)
          yield* signalled(second.running, "SIGKILL")
          const lock = readFileSync(join(directory, ".data/lock"), "utf8")
          assert.strictEqual(lock, String(second.running.child.pid))

          const third = yield* startIn(directory)
          assert.include(yield* threadsOf(directory, third.url), thread)
        }),
      90_000
    )

    it.effect(
      "starts in spite of a lock that names no process",
      () =>
        Effect.gen(function* () {
          const { directory, running } = yield* DevServer
          yield* signalled(running, "SIGTERM")
          writeFileSync(join(directory, ".data/lock"), "")
          const { url } = yield* startIn(directory)
          const ready = yield* request(url, { method: "GET", path: "/readyz" })
          assert.strictEqual(ready.status, 200)
        }),
      60_000
    )
  }
)
